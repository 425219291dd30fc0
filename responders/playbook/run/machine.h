#pragma once
// The inside of a run. Private to this folder.

#include <map>
#include <set>

#include "responders/playbook/run/run.h"

namespace tocsin::responders {

// A playbook being inside of, or a branch of one of its steps. Scopes are shared between branches that run side by
// side, as CACAO asks; one thread runs them all.
struct RunFrame {
  enum class Kind : std::uint8_t { playbook, branch, parallel_branch } kind = Kind::playbook;
  PlanRef plan;
  std::shared_ptr<Scope> variables;  // playbook: its variables; branch: those of the owning step
  StepIndex owner = no_step;         // of a branch, or of the playbook-action step in the frame below
  std::optional<Time> deadline;      // the owner's timeout
  std::size_t rounds = 0;            // of a while step
  std::size_t trace = SIZE_MAX;      // the owner's entry
  bool handling_exception = false;   // playbook: workflow_exception has been entered
};

// One line of execution. Parallel steps make more of them.
struct RunToken {
  // asking: the guard is asked again at `until`.
  enum class State : std::uint8_t { ready, delayed, person, asking, joining, finished } state = State::ready;
  enum class Phase : std::uint8_t { enter, work, again } phase = Phase::enter;
  std::vector<RunFrame> frames;
  std::size_t base = 0;  // frames below this one belong to the parent token
  StepIndex at = no_step;
  std::shared_ptr<Scope> variables;  // of the step at hand
  std::size_t trace = 0;             // its entry
  std::size_t command = 0;           // the next one
  Time began{};
  Time told{};  // when the last command's outcome was known
  std::optional<Time> deadline;
  Time until{};         // delayed, asking
  std::string pending;  // asking: the key that awaits an approver
  std::string running;  // asking: the key of a command under way
  std::size_t parent = SIZE_MAX;
  std::size_t children = 0;
  bool failed = false;  // finished in failure, or one of the joined children did
};

class Run::Machine {
 public:
  Machine(RunSpec spec, ActionGateway& gateway, RunJournal& journal, const Clock& clock, const PlaybookLibrary* library,
          RunLimits limits, CommandGateway* commands);

  Result<void> begin();
  void note_start();
  void remember(const std::vector<RunRecord>& records);
  Result<RunState> poll();
  std::optional<Time> wake_at() const;
  std::vector<std::string> waiting() const;
  std::vector<std::string> awaiting_approval() const;
  Result<void> answer(std::string_view execution, RunAnswer answer);
  std::vector<RunApproval> approvals() const;
  Result<void> agree(std::string_view execution, RunAgreement word);
  Result<void> cancel(const std::string& reason);
  Result<void> hold(RunRecord::Kind kind, const std::string& reason);
  bool paused() const noexcept { return !pauses_.empty() && !pauses_.back().second; }

  const RunSpec spec;
  RunState state = RunState::running;
  std::vector<StepTrace> trace;
  std::vector<std::string> applied;

 private:
  using Kind = RunFrame::Kind;

  struct Outcomes {
    std::string status;
    std::string detail;
    std::vector<std::pair<std::string, std::string>> outputs;
    Time time{};  // when it was known: what was done in time stays so, however late a run goes on
  };

  // machine.cpp: moving through the plan; call.cpp: into other playbooks and back
  const Plan& plan(const RunToken& token) const { return *token.frames.back().plan; }
  const PlannedStep& step(const RunToken& token) const { return plan(token).step(token.at); }
  std::optional<std::size_t> next_ready() const;
  void wake(Time now);
  void advance(std::size_t index);
  void enter(RunToken& token);
  void work(std::size_t index);
  void work_start(RunToken& token);
  void work_end(std::size_t index);
  void work_condition(RunToken& token);
  void work_switch(RunToken& token);
  void work_parallel(std::size_t index);
  void work_playbook(RunToken& token);
  void return_to(RunToken& token, const RunFrame& frame);
  bool enter_branch(RunToken& token, StepIndex first, const std::string& note);
  void complete(RunToken& token, StepStatus status, const std::string& note = {});
  void go(RunToken& token, StepIndex next);
  void raise(std::size_t index);
  void finish_token(std::size_t index, bool failed);
  void join(std::size_t parent);
  void leave_playbook(std::size_t index);
  void finish(RunState result);
  void expire(std::size_t index, std::size_t frame);
  void stop_descendants(std::size_t index);
  static void settle(StepTrace& entry, StepStatus status);
  void withdraw(RunToken& token);

  // work.cpp: what steps do
  void work_action(RunToken& token);
  StepStatus run_command(RunToken& token, const PlannedCommand& command, std::size_t number, std::string& note);
  StepStatus run_local(RunToken& token, const PlannedCommand& command, std::size_t number, std::string& note);
  StepStatus forecast(const ActionRequest& request, CommandTrace& out, std::string& note);
  StepStatus apply(RunToken& token, const PlannedCommand& command, const ActionRequest& request,
                   const std::string& execution, CommandTrace& out, std::string& note);
  StepStatus wait_for_guard(RunToken& token, const std::string& execution, const std::string& key,
                            const Result<Applied>& said, CommandTrace& out, std::string& note);
  // Durable before it is done, with all that was noted before. False when there is no room: nothing more is begun.
  bool write_intent(const RunToken& token, const std::string& execution, std::string what);
  void note_outcome(const RunToken& token, const std::string& execution, Outcomes& outcome);
  void note_waiting(const RunToken& token, const std::string& execution, std::string status, std::string detail);
  static Outcomes outcome_of(const Result<Applied>& said, bool silent);
  // host.cpp: commands that a CommandGateway carries out
  StepStatus run_host(RunToken& token, const PlannedCommand& command, std::size_t number, std::string& note);
  CommandRequest command_request(const RunToken& token, std::size_t number) const;
  StepStatus judge_command(const CommandRequest& request, CommandTrace& out, std::string& note);
  StepStatus carry_out(RunToken& token, const CommandRequest& request, const std::string& execution, CommandTrace& out,
                       std::string& note);
  // agree.cpp: what people in roles said
  static RunRecord record_of(const std::string& execution, const std::string& step, const RunAgreement& word);
  void recall_agreement(const RunRecord& record);
  const RunToken* token_of(std::string_view execution) const;  // that waits for a person
  void settle_agreement(const RunToken& token, const std::string& execution);
  StepStatus run_manual(RunToken& token, const PlannedCommand& command, std::size_t number, std::string& note);
  std::string key_of(const RunToken& token, std::size_t number) const;
  Result<ActionRequest> request_of(const RunToken& token, const PlannedCommand& command, std::size_t number) const;
  Result<void> assign_outputs(RunToken& token, const PlannedCommand& command,
                              const std::vector<std::pair<std::string, std::string>>& outputs);
  Result<void> take_outputs(RunToken& token, const std::vector<std::pair<std::string, std::string>>& outputs);
  Lookup lookup(const RunToken& token) const;
  Scope* owner_of(RunToken& token, std::string_view name);

  // For the next `write_down`.
  void note_down(RunRecord record);
  // What is noted, into the journal. False: the journal failed, and the run stops where it is.
  bool write_down();
  // "EXECUTION/1", with "~2" when a person has it done once more: another key, another effect.
  std::string numbered(const std::string& execution, std::size_t number) const;
  Duration paused_since(Time since) const;

  ActionGateway& gateway_;
  CommandGateway* const commands_;  // null: none here
  RunJournal& journal_;
  const Clock& clock_;
  const PlaybookLibrary* library_;
  const RunLimits limits_;
  Scope constants_;
  std::vector<RunToken> tokens_;
  std::map<std::string, std::size_t> occurrences_;  // by step id
  std::map<std::string, Outcomes> remembered_;      // by execution, from a crash before
  std::map<std::string, Time> begun_;               // when a step first began, from a crash before
  std::map<std::string, unsigned> attempts_;        // beyond the first, by step execution
  std::vector<std::pair<Time, std::optional<Time>>> pauses_;
  std::map<std::string, RunAnswer> answers_;
  std::map<std::string, std::vector<RunAgreement>> agreements_;  // by execution, in the order they came
  std::set<std::string> asked_;
  std::set<std::string> intended_;  // executions whose intent is written down
  std::set<std::string> told_;      // and those whose waiting is
  std::set<std::string> approved_;  // and of these, those that waited for an approver
  std::size_t steps_ = 0;
  std::vector<RunRecord> noted_;
  std::optional<Error> broken_;  // the journal failed
};

}  // namespace tocsin::responders
