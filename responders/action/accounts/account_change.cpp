#include "responders/action/accounts/account_change.h"

#include <fmt/format.h>

#include "responders/action/accounts/shadow.h"
#include "responders/action/kept/before.h"

namespace tocsin::responders {
namespace {

// The first day of 1970 is over for everybody; 0 would be read as "never" by some programs.
constexpr const char* long_ago = "1";
constexpr const char* was_locked = "locked";
constexpr const char* was_open = "open";

class AccountChange final : public Action {
 public:
  AccountChange(const ActionSpec& spec, AccountField field, Forecast (*describe)(const Parameters&),
                const ActionEnvironment& environment)
      : spec_(spec),
        field_(field),
        describe_(describe),
        shadow_(environment.root),
        before_(environment.before_directory) {}
  const ActionSpec& spec() const noexcept override { return spec_; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_(parameters);
    const auto entry = shadow_.read(parameters.text("account"));
    if (!entry) forecast.obstacle = entry.error().message;
    else forecast.already = in_effect(*entry);
    if (entry)
      forecast.now.push_back(fmt::format("its password {}, the account {}", entry->locked ? "is locked" : "works",
                                         entry->expires.empty() ? "does not end" : "ends on day " + entry->expires));
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view) override {
    const std::string& account = parameters.text("account");
    TOCSIN_TRY(const ShadowEntry entry, shadow_.read(account));
    TOCSIN_TRY(const auto kept, before_.read(target(account)));
    if (!kept) TOCSIN_CHECK(before_.keep(target(account), value_of(entry)));
    Outcome out;
    out.state = in_effect(entry) ? Outcome::State::already : Outcome::State::applied;
    TOCSIN_CHECK(set(account, field_ == AccountField::password ? was_locked : long_ago));
    out.summary = fmt::format("{} {}", account, effect());
    return out;
  }

  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    const std::string& account = parameters.text("account");
    TOCSIN_TRY(const auto kept, before_.read(target(account)));
    if (!kept) return Verification{Presence::absent, fmt::format("{} was not changed", account)};
    const auto entry = shadow_.read(account);
    if (!entry) return Verification{Presence::changed, entry.error().message};
    if (in_effect(*entry)) return Verification{Presence::in_effect, fmt::format("{} {}", account, effect())};
    return Verification{Presence::changed, fmt::format("{} was let in again by somebody", account)};
  }

  Result<Outcome> undo(const Parameters& parameters, std::string_view, std::string_view) override {
    const std::string& account = parameters.text("account");
    Outcome out;
    out.state = Outcome::State::undone;
    TOCSIN_TRY(const auto kept, before_.read(target(account)));
    out.summary = kept ? fmt::format("{} is as it was", account) : fmt::format("{} was as it was already", account);
    if (!kept) return out;
    const auto entry = shadow_.read(account);
    if (!entry && entry.error().code != Code::not_found) return std::unexpected(entry.error());
    // What somebody changed since is theirs.
    if (entry && in_effect(*entry)) TOCSIN_CHECK(set(account, *kept));
    TOCSIN_CHECK(before_.forget(target(account)));
    return out;
  }

 private:
  std::string target(const std::string& account) const { return fmt::format("{} {}", spec_.name, account); }
  std::string effect() const { return field_ == AccountField::password ? "has no password that works" : "has ended"; }
  bool in_effect(const ShadowEntry& entry) const {
    return field_ == AccountField::password ? entry.locked : entry.expires == long_ago;
  }
  std::string value_of(const ShadowEntry& entry) const {
    return field_ == AccountField::expiry ? entry.expires : entry.locked ? was_locked : was_open;
  }
  Result<void> set(const std::string& account, const std::string& value) const {
    if (field_ == AccountField::expiry) return shadow_.set_expires(account, value);
    return shadow_.set_password(account, value == was_locked ? Shadow::Password::locked : Shadow::Password::works);
  }

  const ActionSpec& spec_;
  const AccountField field_;
  Forecast (*const describe_)(const Parameters&);
  const Shadow shadow_;
  const Before before_;
};

}  // namespace

std::unique_ptr<Action> make_account_change(const ActionSpec& spec, AccountField field,
                                            Forecast (*describe)(const Parameters&),
                                            const ActionEnvironment& environment) {
  return std::make_unique<AccountChange>(spec, field, describe, environment);
}

}  // namespace tocsin::responders
