#include "responders/playbook/run/machine.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/assert.h"

namespace tocsin::responders {

using TokenState = RunToken::State;
using Phase = RunToken::Phase;

Run::Machine::Machine(RunSpec given, ActionGateway& gateway, RunJournal& journal, const Clock& clock,
                      const PlaybookLibrary* library, RunLimits limits, CommandGateway* commands)
    : spec(std::move(given)),
      gateway_(gateway),
      commands_(commands),
      journal_(journal),
      clock_(clock),
      library_(library),
      limits_(limits) {}

Result<void> Run::Machine::begin() {
  if (spec.mode == RunMode::apply) {
    TOCSIN_CHECK(spec.plan->check_valid(clock_.now()));
    if (spec.reason.empty()) return fail(Code::usage, "applying a playbook needs a reason");
    if (const auto foreign = spec.plan->foreign_commands(commands_); !foreign.empty())
      return fail(Code::denied, fmt::format("the step \"{}\" has a command of type {}, which this host does not run",
                                            foreign.front().first, foreign.front().second));
    if (const auto unsafe = spec.plan->unsafe_commands(); !unsafe.empty())
      return fail(Code::denied, fmt::format("the step \"{}\" has a command that must not be run: {}",
                                            unsafe.front().first, unsafe.front().second));
    if (const auto dangling = spec.plan->dangling_references(); !dangling.empty())
      return fail(Code::denied, fmt::format("\"{}\" refers to {}, which the playbook does not define",
                                            dangling.front().first, dangling.front().second));
  }
  // Section 3.1.4: given by whoever runs the playbook.
  for (const auto* name : {"__LOCAL_AGENT__", "__ACTION_TIMEOUT__", "__RETURN_CALLER__", "__RETURN_CALLER_ID__"})
    TOCSIN_CHECK(constants_.declare(name, Variable{VariableType::string, std::nullopt, true, false}));
  RunToken token;
  token.at = spec.plan->start();
  RunFrame frame;
  frame.plan = spec.plan;
  frame.variables = std::make_shared<Scope>(spec.plan->variables());
  for (const auto& [name, text] : spec.inputs) {
    const Variable* variable = frame.variables->find(name);
    if (variable == nullptr || !variable->external) continue;
    auto value = parse_value(variable->type, text);
    if (!value) return fail(Code::usage, fmt::format("the input {}: {}", name, value.error().message));
    Variable filled = *variable;
    filled.value = std::move(*value);
    TOCSIN_CHECK(frame.variables->replace(name, std::move(filled)));
  }
  token.frames.push_back(std::move(frame));
  tokens_.push_back(std::move(token));
  return {};
}

// The deepest line of execution first, then the oldest: branches of a parallel step run one after the other as far as
// they can, so that a trace reads in order and is the same each time.
std::optional<std::size_t> Run::Machine::next_ready() const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < tokens_.size(); ++i)
    if (tokens_[i].state == TokenState::ready && (!best || tokens_[i].base > tokens_[*best].base)) best = i;
  return best;
}

Result<RunState> Run::Machine::poll() {
  if (paused()) return state;
  wake(clock_.now());
  while (state == RunState::running && !broken_) {
    const auto index = next_ready();
    if (!index) break;
    advance(*index);
  }
  if (broken_ || !write_down()) return std::unexpected(*broken_);
  return state;
}

void Run::Machine::wake(Time now) {
  for (std::size_t i = 0; i < tokens_.size() && state == RunState::running; ++i) {
    if (tokens_[i].state == TokenState::finished) continue;
    for (std::size_t f = tokens_[i].base; f < tokens_[i].frames.size(); ++f)
      if (tokens_[i].frames[f].deadline && now >= *tokens_[i].frames[f].deadline) {
        expire(i, f);
        break;
      }
    RunToken& token = tokens_[i];
    if ((token.state == TokenState::delayed || token.state == TokenState::asking) && now >= token.until)
      token.state = TokenState::ready;
    else if ((token.state == TokenState::person || token.state == TokenState::joining) && token.deadline &&
             now >= *token.deadline) {
      stop_descendants(i);
      tokens_[i].state = TokenState::ready;
      complete(tokens_[i], StepStatus::timed_out, "the step's time is over");
      if (tokens_[i].failed) raise(i);
    }
  }
}

// What waits in a step does not outlive it.
void Run::Machine::settle(StepTrace& entry, StepStatus status) {
  entry.status = status;
  for (CommandTrace& command : entry.commands)
    if (command.status == StepStatus::waiting) command.status = status;
}

// A branch outlived the timeout of the step that owns it.
void Run::Machine::expire(std::size_t index, std::size_t frame) {
  stop_descendants(index);
  RunToken& token = tokens_[index];
  withdraw(token);
  if (token.trace < trace.size() && trace[token.trace].status == StepStatus::waiting)
    settle(trace[token.trace], StepStatus::cancelled);
  const RunFrame owner = token.frames[frame];
  token.frames.resize(frame);
  return_to(token, owner);
  token.deadline.reset();
  token.state = TokenState::ready;
  complete(token, StepStatus::timed_out, "the step's time is over");
  if (tokens_[index].failed) raise(index);
}

void Run::Machine::stop_descendants(std::size_t index) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].parent != index || tokens_[i].state == TokenState::finished) continue;
    stop_descendants(i);
    tokens_[i].state = TokenState::finished;
    withdraw(tokens_[i]);
    if (tokens_[i].trace < trace.size() && trace[tokens_[i].trace].status != StepStatus::done)
      settle(trace[tokens_[i].trace], StepStatus::cancelled);
  }
  tokens_[index].children = 0;
}

void Run::Machine::advance(std::size_t index) {
  RunToken& token = tokens_[index];
  if (token.phase == Phase::enter) {
    enter(token);
    return;
  }
  work(index);
  // A finished line of execution may be gone by now.
  if (state == RunState::running && index < tokens_.size() && tokens_[index].failed &&
      tokens_[index].state == TokenState::ready)
    raise(index);
}

void Run::Machine::enter(RunToken& token) {
  const PlannedStep& here = step(token);
  StepTrace entry;
  entry.execution = fmt::format("{}#{}", here.id, ++occurrences_[here.id]);
  entry.id = here.id;
  entry.label = here.label;
  entry.type = here.type;
  entry.depth = static_cast<std::uint32_t>(token.frames.size() - 1);
  token.trace = trace.size();
  token.command = 0;
  token.variables = std::make_shared<Scope>(here.variables);
  token.phase = Phase::work;
  trace.push_back(std::move(entry));
  const std::string& execution = trace.back().execution;
  const auto before = begun_.find(execution);
  token.began = before != begun_.end() ? before->second : clock_.now();
  token.deadline.reset();
  if (here.type == StepType::start || here.type == StepType::end) return;
  if (++steps_ > limits_.steps_most) {
    trace.back().note = "the run took more steps than it may";
    trace.back().status = StepStatus::failed;
    finish(RunState::failed);
    return;
  }
  if (before == begun_.end())
    note_down({.kind = RunRecord::Kind::step,
               .time = token.began,
               .execution = execution,
               .step = here.id,
               .status = {},
               .detail = here.label,
               .outputs = {}});
  // Pauses before this moment are over; the step's time does not count them.
  Time start = before == begun_.end() ? token.began : token.began + paused_since(token.began);
  if (here.delay && *here.delay > Duration::zero()) {
    trace.back().note = fmt::format("waits {} first", render_duration(*here.delay));
    start += *here.delay;
    if (spec.mode == RunMode::apply && start > clock_.now()) {
      token.state = TokenState::delayed;
      token.until = start;
      trace.back().status = StepStatus::waiting;
    }
  }
  if (spec.mode == RunMode::apply) token.deadline = start + here.timeout.value_or(limits_.step_timeout);
}

void Run::Machine::work(std::size_t index) {
  RunToken& token = tokens_[index];
  if (trace[token.trace].status == StepStatus::waiting) trace[token.trace].status = StepStatus::running;
  switch (step(token).type) {
    case StepType::start: work_start(token); break;
    case StepType::end: work_end(index); break;
    case StepType::action: work_action(token); break;
    case StepType::playbook_action: work_playbook(token); break;
    case StepType::parallel: work_parallel(index); break;
    case StepType::if_condition:
    case StepType::while_condition: work_condition(token); break;
    case StepType::switch_condition: work_switch(token); break;
  }
}

void Run::Machine::work_start(RunToken& token) {
  trace[token.trace].status = StepStatus::done;
  go(token, step(token).on_completion);
}

void Run::Machine::work_end(std::size_t index) {
  RunToken& token = tokens_[index];
  trace[token.trace].status = StepStatus::done;
  const RunFrame frame = token.frames.back();
  switch (frame.kind) {
    case Kind::playbook: leave_playbook(index); return;
    case Kind::parallel_branch: finish_token(index, false); return;
    case Kind::branch:
      token.frames.pop_back();
      return_to(token, frame);
      token.variables = frame.variables;
      token.deadline = frame.deadline;
      // A while step looks at its condition again; the others are done.
      if (step(token).type == StepType::while_condition) {
        token.phase = Phase::again;
        token.command = frame.rounds;
      } else {
        complete(token, StepStatus::done);
      }
      return;
  }
}

// Back at a step that owns a branch or called a playbook, and at its own line in the trace: the same playbook may be
// called from two branches at once.
void Run::Machine::return_to(RunToken& token, const RunFrame& frame) {
  token.at = frame.owner;
  token.phase = Phase::work;
  token.trace = frame.trace;
}

bool Run::Machine::enter_branch(RunToken& token, StepIndex first, const std::string& note) {
  trace[token.trace].note += (trace[token.trace].note.empty() ? "" : "; ") + note;
  if (token.frames.size() >= limits_.depth_most) {
    complete(token, StepStatus::failed, "branches are nested too deep");
    return false;
  }
  trace[token.trace].status = StepStatus::done;
  RunFrame frame;
  frame.kind = Kind::branch;
  frame.plan = token.frames.back().plan;
  frame.variables = token.variables;
  frame.owner = token.at;
  frame.deadline = token.deadline;
  frame.rounds = token.command + 1;
  frame.trace = token.trace;
  token.frames.push_back(std::move(frame));
  go(token, first);
  return true;
}

void Run::Machine::work_condition(RunToken& token) {
  const PlannedStep& here = step(token);
  TOCSIN_ASSERT(here.condition.has_value());
  const auto result = here.condition->evaluate(lookup(token));
  if (!result) {
    complete(token, StepStatus::failed, result.error().message);
    return;
  }
  const bool loop = here.type == StepType::while_condition;
  if (!*result) {
    if (!loop && here.on_false != no_step) {
      enter_branch(token, here.on_false, "the condition is false");
      return;
    }
    complete(token, StepStatus::done,
             loop && token.phase == Phase::again ? fmt::format("the condition is false after {} rounds", token.command)
                                                 : "the condition is false");
    return;
  }
  if (loop && token.command >= limits_.rounds_most) {
    complete(token, StepStatus::failed, fmt::format("still true after {} rounds", limits_.rounds_most));
    return;
  }
  enter_branch(token, here.on_true, token.phase == Phase::again ? "again true" : "the condition is true");
}

void Run::Machine::work_switch(RunToken& token) {
  const PlannedStep& here = step(token);
  auto value = here.switched.fill(lookup(token));
  StepIndex chosen = no_step;
  std::string_view name;
  for (const auto& [text, branch] : here.cases)
    if ((value && text == *value) || (chosen == no_step && text == "default")) {
      chosen = branch;
      name = text;
      if (value && text == *value) break;
    }
  if (chosen != no_step) enter_branch(token, chosen, fmt::format("the case \"{}\"", name));
  else if (!value) complete(token, StepStatus::failed, value.error().message);
  else complete(token, StepStatus::done, "no case fits");
}

void Run::Machine::work_parallel(std::size_t index) {
  const PlannedStep& here = step(tokens_[index]);
  constexpr std::size_t tokens_most = 1024;
  if (tokens_.size() + here.branches.size() > tokens_most || tokens_[index].frames.size() >= limits_.depth_most) {
    complete(tokens_[index], StepStatus::failed, "too many branches at once");
    return;
  }
  trace[tokens_[index].trace].note = fmt::format("{} branches", here.branches.size());
  trace[tokens_[index].trace].status = StepStatus::waiting;
  tokens_[index].state = TokenState::joining;
  tokens_[index].children = here.branches.size();
  for (const StepIndex branch : here.branches) {
    RunToken child;
    child.frames = tokens_[index].frames;
    child.base = child.frames.size();
    child.parent = index;
    RunFrame frame;
    frame.kind = Kind::parallel_branch;
    frame.plan = child.frames.back().plan;
    frame.variables = tokens_[index].variables;
    frame.owner = tokens_[index].at;
    child.frames.push_back(std::move(frame));
    go(child, branch);
    tokens_.push_back(std::move(child));
  }
}

void Run::Machine::go(RunToken& token, StepIndex next) {
  TOCSIN_ASSERT(next != no_step);
  token.at = next;
  token.phase = Phase::enter;
  token.state = TokenState::ready;
  token.failed = false;
}

void Run::Machine::complete(RunToken& token, StepStatus status, const std::string& note) {
  if (token.trace < trace.size()) {
    StepTrace& entry = trace[token.trace];
    settle(entry, status);
    if (!note.empty()) entry.note += (entry.note.empty() ? "" : "; ") + note;
  }
  const PlannedStep& here = step(token);
  if (status == StepStatus::done) {
    go(token, here.on_success != no_step ? here.on_success : here.on_completion);
    return;
  }
  if (status == StepStatus::timed_out) {
    Variable timeout = *constants_.find("__ACTION_TIMEOUT__");
    timeout.value = Value{VariableType::string, here.id, std::monostate{}};
    TOCSIN_ASSERT(constants_.replace("__ACTION_TIMEOUT__", std::move(timeout)).has_value());
  }
  if (here.on_failure != no_step) {
    go(token, here.on_failure);
    return;
  }
  token.failed = true;
}

// Outwards until somebody takes it.
void Run::Machine::raise(std::size_t index) {
  RunToken& token = tokens_[index];
  while (true) {
    RunFrame& frame = token.frames.back();
    if (frame.kind == Kind::parallel_branch) {
      finish_token(index, true);
      return;
    }
    if (frame.kind == Kind::playbook && !frame.handling_exception && frame.plan->exception() != no_step) {
      frame.handling_exception = true;
      go(token, frame.plan->exception());
      return;
    }
    if (token.frames.size() == 1) {
      finish(RunState::failed);
      return;
    }
    const RunFrame left = frame;
    token.frames.pop_back();
    return_to(token, left);
    if (token.trace < trace.size()) trace[token.trace].status = StepStatus::failed;
    if (const PlannedStep& outer = step(token); outer.on_failure != no_step) {
      go(token, outer.on_failure);
      return;
    }
  }
}

void Run::Machine::finish_token(std::size_t index, bool failed) {
  RunToken& token = tokens_[index];
  token.state = TokenState::finished;
  const std::size_t parent = token.parent;
  TOCSIN_ASSERT(parent < tokens_.size());
  tokens_[parent].failed = tokens_[parent].failed || failed;
  if (--tokens_[parent].children == 0) join(parent);
}

void Run::Machine::join(std::size_t index) {
  RunToken& parent = tokens_[index];
  parent.state = TokenState::ready;
  const bool failed = parent.failed;
  parent.failed = false;
  // Finished lines of execution are dropped once nobody points at them: those after the parent are its own.
  while (tokens_.size() > index + 1 && tokens_.back().state == TokenState::finished) tokens_.pop_back();
  complete(tokens_[index], failed ? StepStatus::failed : StepStatus::done, failed ? "a branch failed" : "");
  if (tokens_[index].failed) raise(index);
}

void Run::Machine::finish(RunState result) {
  state = result;
  for (RunToken& token : tokens_) withdraw(token);
  note_down({.kind = RunRecord::Kind::finished,
             .time = clock_.now(),
             .execution = {},
             .step = {},
             .status = std::string(run_state_name(result)),
             .detail = {},
             .outputs = {}});
}

void Run::Machine::note_down(RunRecord record) {
  constexpr std::size_t noted_most = 256;
  noted_.push_back(std::move(record));
  if (noted_.size() >= noted_most) write_down();
}

bool Run::Machine::write_down() {
  if (broken_) return false;
  if (noted_.empty()) return true;
  if (auto written = journal_.append(noted_); !written) broken_ = std::move(written).error();
  noted_.clear();
  return !broken_;
}

}  // namespace tocsin::responders
