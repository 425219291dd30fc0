#include "responders/playbook/run/run.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "responders/playbook/run/machine.h"

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 4> run_states{"running", "completed", "failed", "cancelled"};
constexpr std::array<std::string_view, 6> step_states{"running", "waiting", "done", "failed", "timed_out", "cancelled"};
constexpr std::array<std::string_view, 12> record_kinds{"started", "input",     "step",   "intent",
                                                        "waiting", "outcome",   "answer", "finished",
                                                        "paused",  "continued", "agreed", "retried"};

// A rehearsal leaves no trace behind.
class NoJournal final : public RunJournal {
 public:
  Result<void> append(std::span<const RunRecord>) override { return {}; }
};

}  // namespace

std::string_view run_state_name(RunState state) noexcept { return run_states[static_cast<std::size_t>(state)]; }
std::string_view step_status_name(StepStatus status) noexcept { return step_states[static_cast<std::size_t>(status)]; }
std::string_view run_record_kind_name(RunRecord::Kind kind) noexcept {
  return record_kinds[static_cast<std::size_t>(kind)];
}
std::optional<RunRecord::Kind> parse_run_record_kind(std::string_view name) noexcept {
  for (std::size_t i = 0; i < record_kinds.size(); ++i)
    if (record_kinds[i] == name) return static_cast<RunRecord::Kind>(i);
  return std::nullopt;
}

Run::Run() = default;
Run::~Run() = default;

Result<std::unique_ptr<Run>> Run::start(RunSpec spec, ActionGateway& gateway, RunJournal& journal, const Clock& clock,
                                        const PlaybookLibrary* library, RunLimits limits, CommandGateway* commands) {
  std::unique_ptr<Run> run(new Run);
  run->machine_ = std::make_unique<Machine>(std::move(spec), gateway, journal, clock, library, limits, commands);
  TOCSIN_CHECK(run->machine_->begin());
  run->machine_->note_start();
  return run;
}

Result<std::unique_ptr<Run>> Run::resume(RunSpec spec, const std::vector<RunRecord>& records, ActionGateway& gateway,
                                         RunJournal& journal, const Clock& clock, const PlaybookLibrary* library,
                                         RunLimits limits, CommandGateway* commands) {
  std::unique_ptr<Run> run(new Run);
  run->machine_ = std::make_unique<Machine>(std::move(spec), gateway, journal, clock, library, limits, commands);
  TOCSIN_CHECK(run->machine_->begin());
  run->machine_->remember(records);
  return run;
}

Result<RunState> Run::poll() { return machine_->poll(); }
RunState Run::state() const noexcept { return machine_->state; }
std::optional<Time> Run::wake_at() const { return machine_->wake_at(); }
const std::vector<StepTrace>& Run::trace() const noexcept { return machine_->trace; }
const RunSpec& Run::spec() const noexcept { return machine_->spec; }
std::vector<std::string> Run::waiting() const { return machine_->waiting(); }
Result<void> Run::answer(std::string_view execution, RunAnswer answer) {
  return machine_->answer(execution, std::move(answer));
}
std::vector<RunApproval> Run::approvals() const { return machine_->approvals(); }
Result<void> Run::agree(std::string_view execution, RunAgreement agreement) {
  return machine_->agree(execution, std::move(agreement));
}
Result<void> Run::cancel(const std::string& reason) { return machine_->cancel(reason); }
Result<void> Run::pause(const std::string& reason) { return machine_->hold(RunRecord::Kind::paused, reason); }
Result<void> Run::go_on(const std::string& reason) { return machine_->hold(RunRecord::Kind::continued, reason); }
bool Run::paused() const noexcept { return machine_->paused(); }
std::vector<std::string> Run::awaiting_approval() const { return machine_->awaiting_approval(); }
const std::vector<std::string>& Run::applied() const noexcept { return machine_->applied; }

void Run::Machine::note_start() {
  RunRecord record;
  record.time = clock_.now();
  record.detail = fmt::format("{} {}", spec.plan->id(), spec.plan->version());
  record.outputs = {{"incident", spec.incident},
                    {"reason", spec.reason},
                    {"uid", std::to_string(spec.behalf.uid)},
                    {"login_uid", std::to_string(spec.behalf.login_uid)},
                    {"tlp", std::string(rules::tlp_name(spec.tlp))}};
  for (auto& member : render_cause(spec.cause)) record.outputs.push_back(std::move(member));
  note_down(record);
  record.kind = RunRecord::Kind::input;
  record.outputs.clear();
  for (const auto& [name, value] : spec.inputs) {
    record.execution = name;
    record.detail = value;
    note_down(record);
  }
}

void Run::Machine::remember(const std::vector<RunRecord>& records) {
  for (const RunRecord& record : records) {
    if (record.kind == RunRecord::Kind::step) begun_.try_emplace(record.execution, record.time);
    if (record.kind == RunRecord::Kind::retried) {
      ++attempts_[record.execution];
      begun_[record.execution] = record.time;
    }
    if (record.kind == RunRecord::Kind::paused) pauses_.emplace_back(record.time, std::nullopt);
    if (record.kind == RunRecord::Kind::continued && !pauses_.empty()) pauses_.back().second = record.time;
    if (record.kind == RunRecord::Kind::agreed) recall_agreement(record);
    if (record.kind == RunRecord::Kind::intent) intended_.insert(record.execution);
    if (record.kind == RunRecord::Kind::waiting) told_.insert(record.execution);
    if (record.kind == RunRecord::Kind::waiting && record.status == "approval") approved_.insert(record.execution);
    if (record.kind == RunRecord::Kind::outcome || record.kind == RunRecord::Kind::answer)
      remembered_[record.execution] = {record.status, record.detail, record.outputs, record.time};
  }
}

std::optional<Time> Run::Machine::wake_at() const {
  std::optional<Time> out;
  const auto consider = [&](const std::optional<Time>& time) {
    if (time && (!out || *time < *out)) out = time;
  };
  if (state != RunState::running || paused()) return out;
  for (const RunToken& token : tokens_) {
    if (token.state == RunToken::State::finished) continue;
    if (token.state == RunToken::State::delayed || token.state == RunToken::State::asking) consider(token.until);
    else consider(token.deadline);
    for (const RunFrame& frame : token.frames) consider(frame.deadline);
  }
  return out;
}

std::vector<std::string> Run::Machine::waiting() const {
  std::vector<std::string> out;
  for (const std::string& execution : asked_)
    if (token_of(execution) != nullptr) out.push_back(execution);
  return out;
}

std::vector<std::string> Run::Machine::awaiting_approval() const {
  std::vector<std::string> out;
  for (const RunToken& token : tokens_)
    if (token.state == RunToken::State::asking && !token.pending.empty()) out.push_back(token.pending);
  return out;
}

// Whoever approves later must not set off what nobody waits for any more.
void Run::Machine::withdraw(RunToken& token) {
  if (const std::string running = std::exchange(token.running, {}); !running.empty() && commands_ != nullptr)
    commands_->cancel(running);
  const std::string key = std::exchange(token.pending, {});
  if (key.empty()) return;
  // When the guard does not answer, the request waits there until it expires, and nobody here asks for it again.
  [[maybe_unused]] const auto undone = gateway_.undo(key, "the run does not wait for it any more");
}

Result<void> Run::Machine::answer(std::string_view execution, RunAnswer given) {
  const auto asked = asked_.find(std::string(execution));
  if (asked == asked_.end() || state != RunState::running)
    return fail(Code::not_found, fmt::format("nothing called {} waits for an answer", execution));
  const RunToken* token = token_of(execution);
  if (token == nullptr)
    return fail(Code::conflict, fmt::format("{} was decided already; the run takes it up when it goes on", execution));
  if (!step(*token).approvals.empty())
    return fail(Code::denied, fmt::format("people in roles agree to \"{}\", nobody answers it: tocsin playbook approve",
                                          step(*token).label));
  const bool done = given.kind == RunAnswer::Kind::done;
  note_down({.kind = RunRecord::Kind::answer,
             .time = clock_.now(),
             .execution = *asked,
             .step = {},
             .status = done ? "done" : "failed",
             .detail = fmt::format("{}: {}", given.who, given.note),
             .outputs = given.outputs});
  if (!write_down()) return std::unexpected(*broken_);
  for (RunToken& waiting : tokens_)
    if (&waiting == token) waiting.state = RunToken::State::ready;
  answers_[*asked] = std::move(given);
  return {};
}

// The time of a pause is nobody's: deadlines and delays move by it.
Duration Run::Machine::paused_since(Time since) const {
  Duration out{};
  for (const auto& [from, until] : pauses_)
    if (const Time end = until.value_or(clock_.now()); end > since) out += end - std::max(from, since);
  return out;
}

Result<void> Run::Machine::hold(RunRecord::Kind kind, const std::string& reason) {
  const bool pausing = kind == RunRecord::Kind::paused;
  if (state != RunState::running) return fail(Code::conflict, "the run is over already");
  if (paused() == pausing) return fail(Code::conflict, pausing ? "the run is paused already" : "the run is not paused");
  const Time now = clock_.now();
  note_down({.kind = kind, .time = now, .execution = {}, .step = {}, .status = {}, .detail = reason, .outputs = {}});
  if (!write_down()) return std::unexpected(*broken_);
  if (pausing) {
    pauses_.emplace_back(now, std::nullopt);
    return {};
  }
  const Duration held = now - pauses_.back().first;
  pauses_.back().second = now;
  for (RunToken& token : tokens_) {
    if (token.deadline) *token.deadline += held;
    if (token.state == RunToken::State::delayed) token.until += held;
    for (RunFrame& frame : token.frames)
      if (frame.deadline) *frame.deadline += held;
  }
  return {};
}

Result<void> Run::Machine::cancel(const std::string& reason) {
  if (state != RunState::running) return fail(Code::conflict, "the run is over already");
  for (StepTrace& entry : trace)
    if (entry.status == StepStatus::running || entry.status == StepStatus::waiting) {
      settle(entry, StepStatus::cancelled);
      entry.note += (entry.note.empty() ? "" : "; ") + reason;
    }
  asked_.clear();
  finish(RunState::cancelled);
  if (!write_down()) return std::unexpected(*broken_);
  return {};
}

Result<Rehearsal> rehearse(RunSpec spec, ActionGateway& gateway, const Clock& clock, const PlaybookLibrary* library,
                           CommandGateway* commands) {
  Rehearsal out;
  out.playbook_id = spec.plan->id();
  out.playbook_name = spec.plan->name();
  out.playbook_version = spec.plan->version();
  out.incident = spec.incident;
  out.marked = spec.marked;
  out.attack = spec.plan->attack();
  for (const auto& [name, value] : spec.inputs)
    if (const Variable* variable = spec.plan->variables().find(name); variable != nullptr && variable->external)
      out.inputs.emplace_back(name, value);
  std::sort(out.inputs.begin(), out.inputs.end());
  NoJournal journal;
  spec.mode = RunMode::rehearse;
  TOCSIN_TRY(const auto run, Run::start(std::move(spec), gateway, journal, clock, library, {}, commands));
  TOCSIN_TRY(out.result, run->poll());
  out.steps = run->trace();
  return out;
}

Result<Rehearsal> rehearse(PlanRef plan, const Inputs& inputs, ActionGateway& gateway, const Clock& clock,
                           std::string incident, Marked marked, const PlaybookLibrary* library) {
  RunSpec spec;
  spec.id = "rehearsal";
  spec.plan = std::move(plan);
  spec.inputs = inputs;
  spec.incident = std::move(incident);
  spec.reason = "rehearsal";
  spec.marked = marked;
  return rehearse(std::move(spec), gateway, clock, library);
}

}  // namespace tocsin::responders
