#include "daemon/app/live/hunt_desk.h"

#include <sys/resource.h>

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/playbook/plan.h"

namespace tocsin::daemon {
namespace {

using responders::CommandAnswer;
using responders::CommandRequest;
using responders::GuardVerdict;
using State = CommandAnswer::State;

constexpr std::string_view hunted = "sigma";
constexpr std::string_view period_name = "__hours__";
constexpr std::uint64_t hours_otherwise = 24;
constexpr std::uint64_t hours_most = std::uint64_t{31} * 24;
constexpr std::size_t running_most = 2;
constexpr std::size_t remembered_most = 64;
constexpr Duration time_most = std::chrono::minutes(10);

Result<std::uint64_t> hours_of(const responders::PlannedStep& step, const CommandRequest& request) {
  if (std::ranges::find(step.in_args, period_name) == step.in_args.end()) return hours_otherwise;
  const auto given = std::ranges::find(request.values, period_name, &responders::CommandValue::name);
  if (given == request.values.end()) return hours_otherwise;
  const auto hours = parse_unsigned(given->text);
  if (!hours || *hours == 0 || *hours > hours_most)
    return fail(Code::denied, fmt::format("{} is a number of hours from 1 to {}", period_name, hours_most));
  return *hours;
}

CommandAnswer hunt(const HuntPlace& place, const std::string& rules, const HuntLimits& limits) {
  ::setpriority(PRIO_PROCESS, 0, 10);  // of this thread: watching comes first
  CommandAnswer out;
  out.state = State::failed;
  const auto result = hunt_events(place, rules, limits);
  if (!result) {
    out.summary = result.error().text();
    return out;
  }
  out.state = State::done;
  out.output = render_json(*result);
  out.outputs = {{"matches", std::to_string(result->found)},
                 {"events", std::to_string(result->events)},
                 {"complete", result->cut.empty() ? "true" : "false"}};
  out.summary =
      fmt::format("{} matches in {} events since {}", result->found, result->events, render_time(result->since));
  if (!result->cut.empty()) out.summary += "; not all was looked at: " + result->cut;
  return out;
}

}  // namespace

HuntDesk::HuntDesk(HuntPlace place, const Clock& clock, responders::CommandGateway* others)
    : place_(std::move(place)), clock_(clock), others_(others) {}

HuntDesk::~HuntDesk() {
  for (const auto& job : jobs_) job->stop = true;
  for (const auto& job : jobs_)
    if (job->thread.joinable()) job->thread.join();
}

bool HuntDesk::carries_out(std::string_view type) const noexcept {
  return type == hunted || (others_ != nullptr && others_->carries_out(type));
}

// What is hunted comes from the playbook itself, not from the request.
Result<HuntDesk::Order> HuntDesk::order_of(const CommandRequest& request) const {
  if (!request.playbook) return fail(Code::usage, "a request has a playbook");
  Diagnostics diagnostics;
  TOCSIN_TRY(const auto plan, responders::load_playbook(*request.playbook, "playbook", diagnostics));
  TOCSIN_CHECK(plan->check_valid(clock_.now()));
  const auto steps = plan->steps();
  const auto step = std::ranges::find(steps, request.step, &responders::PlannedStep::id);
  if (step == steps.end() || request.command >= step->commands.size() || step->commands[request.command].type != hunted)
    return fail(Code::not_found, "the playbook has no such command");
  const auto& command = step->commands[request.command];
  if (!command.unsafe.empty()) return fail(Code::denied, command.unsafe);
  TOCSIN_TRY(const auto hours, hours_of(*step, request));
  Order out;
  out.rules = command.payload;
  out.limits.until = clock_.now();
  out.limits.since = out.limits.until - std::chrono::hours(hours);
  out.limits.time = std::min(request.time, time_most);
  return out;
}

Result<GuardVerdict> HuntDesk::judge(const CommandRequest& request) {
  if (request.type == hunted) {
    const auto order = order_of(request);
    if (order) return GuardVerdict{GuardVerdict::Kind::allowed, {}, {}};
    if (order.error().code != Code::denied) return std::unexpected(order.error());
    return GuardVerdict{GuardVerdict::Kind::refused, "unsafe", order.error().message};
  }
  if (others_ != nullptr) return others_->judge(request);
  return GuardVerdict{
      GuardVerdict::Kind::refused, "runner",
      fmt::format("commands of type {} are carried out by tocsin-runner, and respond.runner names none", request.type)};
}

Result<CommandAnswer> HuntDesk::run(const CommandRequest& request) {
  if (request.type != hunted) {
    if (others_ != nullptr) return others_->run(request);
    return fail(Code::denied, fmt::format("nobody carries out commands of type {} here", request.type));
  }
  const auto at = std::ranges::find_if(jobs_, [&](const auto& job) { return job->key == request.key; });
  if (at == jobs_.end()) return begin(request);
  if (!(*at)->over.load()) return CommandAnswer{State::running, "it is looking", {}, {}};
  return (*at)->answer;
}

Result<CommandAnswer> HuntDesk::begin(const CommandRequest& request) {
  const auto running = std::ranges::count_if(jobs_, [](const auto& job) { return !job->over.load(); });
  if (static_cast<std::size_t>(running) >= running_most)
    return fail(Code::unreachable, fmt::format("{} hunts are under way already", running));
  TOCSIN_TRY(auto order, order_of(request));
  const auto old = std::ranges::find_if(jobs_, [](const auto& job) { return job->over.load(); });
  if (jobs_.size() >= remembered_most && old != jobs_.end()) {
    (*old)->thread.join();
    jobs_.erase(old);
  }
  Job& job = *jobs_.emplace_back(std::make_unique<Job>());
  job.key = request.key;
  order.limits.stop = &job.stop;
  job.thread = std::thread([this, &job, order = std::move(order)] {
    job.answer = hunt(place_, order.rules, order.limits);
    job.over = true;
  });
  return CommandAnswer{State::running, "it was begun", {}, {}};
}

void HuntDesk::cancel(const std::string& key) {
  for (const auto& job : jobs_)
    if (job->key == key) job->stop = true;
  if (others_ != nullptr) others_->cancel(key);
}

}  // namespace tocsin::daemon
