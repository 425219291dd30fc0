#include "responders/action/user_kill_sessions/user_kill_sessions.h"

#include <pwd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include <fmt/format.h>

#include "responders/action/processes/target.h"

namespace tocsin::responders {
namespace {

Result<std::vector<HostProcess>> processes_of(const std::string& account) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  if (::getpwnam_r(account.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return fail(Code::not_found, fmt::format("there is no account {}", account));
  std::vector<HostProcess> out;
  for (HostProcess& process : list_processes())
    if (process.uid == found->pw_uid && !process.gone()) out.push_back(std::move(process));
  return out;
}

class UserKillSessions final : public Action {
 public:
  const ActionSpec& spec() const noexcept override { return user_kill_sessions_spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_user_kill_sessions(parameters);
    const auto found = processes_of(parameters.text("account"));
    if (!found) {
      forecast.obstacle = found.error().message;
      return forecast;
    }
    constexpr std::size_t shown_most = 20;
    forecast.now.push_back(fmt::format("{} processes", found->size()));
    for (std::size_t i = 0; i < found->size() && i < shown_most; ++i) forecast.now.push_back(shown((*found)[i]));
    forecast.already = found->empty();
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view) override {
    const std::string& account = parameters.text("account");
    std::size_t ended = 0;
    // All are stopped before any is killed, so that none can start another in the meantime.
    for (const int signal : {SIGSTOP, SIGKILL}) {
      TOCSIN_TRY(const std::vector<HostProcess> all, processes_of(account));
      TOCSIN_TRY(ended, signal_all(all, signal));
    }
    Outcome out;
    out.state = ended == 0 ? Outcome::State::already : Outcome::State::applied;
    out.summary = fmt::format("{} processes of {} were killed", ended, account);
    out.outputs = {{"killed", std::to_string(ended)}};
    return out;
  }

  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    const std::string& account = parameters.text("account");
    TOCSIN_TRY(const std::vector<HostProcess> all, processes_of(account));
    if (all.empty()) return Verification{Presence::in_effect, fmt::format("{} has no process", account)};
    // Half done, perhaps: nobody else would let them go on.
    if (std::ranges::any_of(all, &HostProcess::stopped))
      return Verification{Presence::changed, fmt::format("processes of {} are stopped and not killed", account)};
    return Verification{Presence::absent, fmt::format("{} has {} processes", account, all.size())};
  }

  Result<Outcome> undo(const Parameters&, std::string_view, std::string_view) override {
    return fail(Code::conflict, "a session that was ended cannot be brought back");
  }
};

}  // namespace

Forecast describe_user_kill_sessions(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("kill every process of {}", parameters.text("account")));
  forecast.touches.push_back({"account", parameters.text("account")});
  forecast.undo = "cannot be undone; the account can log in again unless it is locked or has ended";
  return forecast;
}

std::unique_ptr<Action> make_user_kill_sessions(const ActionEnvironment&) {
  return std::make_unique<UserKillSessions>();
}

}  // namespace tocsin::responders
