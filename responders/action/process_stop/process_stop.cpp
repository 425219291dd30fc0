#include "responders/action/process_stop/process_stop.h"

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/action/processes/target.h"

namespace tocsin::responders {
namespace {

class ProcessStop final : public Action {
 public:
  const ActionSpec& spec() const noexcept override { return process_stop_spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_process_stop(parameters);
    const auto found = target_processes(parameters);
    if (!found) {
      forecast.obstacle = found.error().message;
      return forecast;
    }
    for (const HostProcess& process : *found) forecast.now.push_back(shown(process));
    forecast.already = std::ranges::all_of(*found, [](const HostProcess& process) { return process.stopped(); });
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view) override {
    TOCSIN_TRY(const std::vector<HostProcess> stopped, stop_all(parameters));
    Outcome out;
    out.summary = fmt::format("{} processes are stopped, first {}", stopped.size(), shown(stopped.front()));
    out.undo_token = render_token(stopped);
    out.outputs = {{"stopped", std::to_string(stopped.size())}, {"executable", stopped.front().executable}};
    return out;
  }

  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    const auto found = target_processes(parameters);
    if (!found && (found.error().code == Code::not_found || found.error().code == Code::conflict))
      return Verification{Presence::absent, found.error().message};
    if (!found) return std::unexpected(found.error());
    const auto running = std::ranges::find_if(*found, [](const HostProcess& process) { return !process.stopped(); });
    if (running == found->end()) return Verification{Presence::in_effect, shown(found->front()) + " is stopped"};
    // A crash in the middle of a tree: some are stopped, and all of them must be found again.
    if (running != found->begin()) return Verification{Presence::changed, shown(*running) + " of its children runs"};
    const bool any = std::ranges::any_of(*found, [](const HostProcess& process) { return process.stopped(); });
    return Verification{any ? Presence::changed : Presence::absent, shown(*running) + " runs"};
  }

  Result<Outcome> undo(const Parameters& parameters, std::string_view, std::string_view token) override {
    std::vector<HostProcess> stopped = parse_token(token);
    if (stopped.empty())
      if (auto found = target_processes(parameters)) stopped = std::move(*found);
    // Children first: a parent that goes on must not find them stopped.
    std::ranges::reverse(stopped);
    TOCSIN_TRY(const std::size_t reached, signal_all(stopped, SIGCONT));
    Outcome out;
    out.state = Outcome::State::undone;
    out.summary = reached == 0 ? "the process has ended meanwhile" : fmt::format("{} processes go on", reached);
    return out;
  }
};

}  // namespace

Forecast describe_process_stop(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("stop process {}{} for {}", parameters.number("pid"),
                                       parameters.text("scope") == "tree" ? " and all that descend from it" : "",
                                       render_duration(parameters.duration("ttl"))));
  if (parameters.has("executable"))
    forecast.would.push_back(fmt::format("only if it runs {}", escape_terminal(parameters.text("executable"))));
  forecast.touches.push_back({"process", std::to_string(parameters.number("pid"))});
  forecast.undo = "it goes on after that time; earlier with `tocsin action undo`";
  return forecast;
}

std::unique_ptr<Action> make_process_stop(const ActionEnvironment&) { return std::make_unique<ProcessStop>(); }

}  // namespace tocsin::responders
