#include "responders/playbook/coordinate/gateway.h"

#include <fmt/format.h>

#include "responders/playbook/command/protocol.h"

namespace tocsin::responders {
namespace {

CommandAnswer answer_of(const Dispatch& dispatch) {
  CommandAnswer out;
  const std::size_t lost = dispatch.count(AgentState::failed) + dispatch.count(AgentState::refused);
  out.outputs = {{"state", std::string(dispatch_state_name(dispatch.state()))},
                 {"done", std::to_string(dispatch.count(AgentState::done))},
                 {"failed", std::to_string(lost)},
                 {"silent", std::to_string(dispatch.count(AgentState::silent))}};
  out.summary =
      fmt::format("{}: of {} agents {} done, {} failed, {} silent, {} spared", dispatch_state_name(dispatch.state()),
                  dispatch.agents().size(), dispatch.count(AgentState::done), lost, dispatch.count(AgentState::silent),
                  dispatch.count(AgentState::spared));
  switch (dispatch.state()) {
    case DispatchState::running: out.state = CommandAnswer::State::running; break;
    case DispatchState::completed:
    case DispatchState::partial: out.state = CommandAnswer::State::done; break;
    case DispatchState::failed:
    case DispatchState::stopped: out.state = CommandAnswer::State::failed; break;
  }
  return out;
}

}  // namespace

DispatchGateway::DispatchGateway(AgentLink& link, const Clock& clock, Choose choose, Records records, Write write)
    : link_(link), clock_(clock), choose_(std::move(choose)), records_(std::move(records)), write_(std::move(write)) {}

Result<GuardVerdict> DispatchGateway::judge(const CommandRequest& request) {
  if (const auto spec = choose_(request); !spec)
    return GuardVerdict{GuardVerdict::Kind::refused, "agents", spec.error().message};
  // What each agent says of it is each agent's own: its guard judges again.
  return GuardVerdict{GuardVerdict::Kind::allowed, {}, {}};
}

Result<CommandAnswer> DispatchGateway::run(const CommandRequest& request) {
  auto at = dispatches_.find(request.key);
  if (at == dispatches_.end()) {
    TOCSIN_TRY(DispatchSpec spec, choose_(request));
    spec.id = request.key;
    spec.work = render_request({RunnerRequest::Kind::run, request});
    spec.answer_within = std::min(spec.answer_within, request.time);
    const std::string key = request.key;
    TOCSIN_TRY(Dispatch dispatch,
               Dispatch::open(
                   std::move(spec), link_, [this, key](const DispatchRecord& record) { return write_(key, record); },
                   records_(key)));
    at = dispatches_.emplace(key, std::move(dispatch)).first;
  }
  // What came for one dispatch may have been fetched by another.
  std::vector<AgentReport> reports = link_.receive();
  for (auto& [key, dispatch] : dispatches_) dispatch.hear(reports);
  TOCSIN_CHECK(at->second.poll(clock_.now()));
  return answer_of(at->second);
}

void DispatchGateway::cancel(const std::string& key) {
  const auto at = dispatches_.find(key);
  // A note that cannot be written leaves it running until its deadline; nobody waits for it any more.
  if (at != dispatches_.end()) [[maybe_unused]]
    const auto stopped = at->second.stop(clock_.now(), "the run does not wait for it any more");
}

}  // namespace tocsin::responders
