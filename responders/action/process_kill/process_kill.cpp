#include "responders/action/process_kill/process_kill.h"

#include <csignal>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/action/processes/target.h"

namespace tocsin::responders {
namespace {

class ProcessKill final : public Action {
 public:
  const ActionSpec& spec() const noexcept override { return process_kill_spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_process_kill(parameters);
    const auto found = target_processes(parameters);
    if (!found) forecast.obstacle = found.error().message;
    else
      for (const HostProcess& process : *found) forecast.now.push_back(shown(process));
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view) override {
    TOCSIN_TRY(const std::vector<HostProcess> named, target_processes(parameters));
    const bool tree = parameters.text("scope") == "tree";
    TOCSIN_TRY(const std::vector<HostProcess> all, tree ? stop_all(parameters) : named);
    TOCSIN_TRY(const std::size_t reached, signal_all(all, SIGKILL));
    Outcome out;
    out.summary = fmt::format("{} processes were killed, first {}", reached, shown(named.front()));
    out.outputs = {{"killed", std::to_string(reached)}, {"executable", named.front().executable}};
    return out;
  }

  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    const auto process = read_process(static_cast<int>(parameters.number("pid")));
    if (!process || process->gone())
      return Verification{Presence::in_effect, fmt::format("there is no process {}", parameters.number("pid"))};
    if (parameters.has("started") && parameters.number("started") != process->started)
      return Verification{Presence::in_effect, "the number belongs to another process now"};
    // A tree is stopped before it is killed: half done, perhaps, and nobody else would let it go on.
    if (parameters.text("scope") == "tree" && process->stopped())
      return Verification{Presence::changed, fmt::format("{} is stopped and not killed", shown(*process))};
    return Verification{Presence::absent, fmt::format("{} runs", shown(*process))};
  }

  Result<Outcome> undo(const Parameters&, std::string_view, std::string_view) override {
    return fail(Code::conflict, "a process that was killed cannot be brought back");
  }
};

}  // namespace

Forecast describe_process_kill(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("kill process {}{}", parameters.number("pid"),
                                       parameters.text("scope") == "tree" ? " and all that descend from it" : ""));
  if (parameters.has("executable"))
    forecast.would.push_back(fmt::format("only if it runs {}", escape_terminal(parameters.text("executable"))));
  forecast.touches.push_back({"process", std::to_string(parameters.number("pid"))});
  forecast.undo = "cannot be undone; start it again";
  return forecast;
}

std::unique_ptr<Action> make_process_kill(const ActionEnvironment&) { return std::make_unique<ProcessKill>(); }

}  // namespace tocsin::responders
