#pragma once
// One playbook being carried out, or rehearsed: a stack machine over its Plan. Entering a branch pushes a frame; its
// end step pops back to the step that owns the branch, whose next step follows (CACAO 2.0 section 4).
//
// A run never blocks and never looks at a clock by itself: the owner calls poll() now, when wake_at() comes, and after
// an answer. Whoever owns it decides how to wait (a timer in tocsind, a manual clock in tests). One thread at a time.
//
// Waiting: a command that the guard lets wait for an approver is asked again under the same key until it is decided;
// that time does not count against the step's timeout. One that the guard does not answer is asked again within it, and
// is unknown after.
//
// Failure: a failed step follows its on_failure. Without one the failure leaves the branch; the step that owns the
// branch fails in turn; at the top the playbook's workflow_exception runs once and the run ends as failed.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "responders/playbook/cause.h"
#include "responders/playbook/command/command.h"
#include "responders/playbook/run/journal.h"
#include "responders/playbook/run/trace.h"
#include "rules/marking.h"

namespace tocsin::responders {

// rehearse: nothing is applied, delays and people are not waited for, commands are forecast and taken as done.
enum class RunMode : std::uint8_t { rehearse, apply };
enum class RunState : std::uint8_t { running, completed, failed, cancelled };
std::string_view run_state_name(RunState state) noexcept;

// Bare variable names ("__source_ip__") and texts. Only the playbook's external variables take one; others are ignored,
// so that one set of facts serves every playbook.
using Inputs = std::vector<std::pair<std::string, std::string>>;

// Finds the playbook of a playbook-action step. `version` empty: the latest.
class PlaybookLibrary {
 public:
  virtual ~PlaybookLibrary() = default;
  virtual PlanRef find(std::string_view id, std::string_view version) const = 0;
};

struct RunSpec {
  std::string id;  // idempotency: the same run id never does a thing twice
  PlanRef plan;
  RunMode mode = RunMode::rehearse;
  Inputs inputs;
  std::string incident;
  std::string reason;
  Marked marked = Marked::real;
  Requester behalf;                   // who asked for it
  Cause cause = {};                   // what the guard judges its requests by
  rules::Tlp tlp = rules::Tlp::none;  // of the incident that the inputs were taken from
};

// The spec that a run was started with, from its own records, to resume it. not_found: its playbook is gone, or is
// another version now; invalid: the records do not begin with a start.
Result<RunSpec> spec_of_records(std::string id, const std::vector<RunRecord>& records, const PlaybookLibrary& library);

struct RunLimits {
  std::size_t steps_most = 10'000;
  std::size_t rounds_most = 1'000;  // of one while step
  std::size_t depth_most = 32;      // branches and playbooks inside each other
  Duration step_timeout = std::chrono::hours(24);
  Duration ask_again = std::chrono::seconds(2);  // the guard, while an approver is awaited or it does not answer
  Duration look_again = std::chrono::milliseconds(200);  // at a command that is running
};

struct RunAnswer {
  enum class Kind : std::uint8_t { done, failed } kind = Kind::done;
  std::string who;
  std::string note;
  // What the person found out, by variable. Only the step's out_args are taken, and only values of their type.
  std::vector<std::pair<std::string, std::string>> outputs = {};
};

// One person's word on a step that people in roles must agree to (PlannedStep::approvals).
struct RunAgreement {
  enum class Kind : std::uint8_t { granted, denied } kind = Kind::granted;
  std::string person;           // the same for one human, whatever he is called now: person_of
  std::string name;             // as people know him
  std::set<std::string> roles;  // as the kernel tells of him, never as he says
  std::string note;
  Time time{};  // filled in by the run
};
// His login uid, or his uid where he never logged in.
std::string person_of(const Requester& requester);
struct RunApproval {
  std::string execution;
  std::string step;                            // its label
  std::map<std::string, std::size_t> missing;  // roles that still lack people
};
std::string missing_text(const std::map<std::string, std::size_t>& missing);  // "1 approver, 2 responder"

class Run {
 public:
  // `library` may be null: playbook-action steps then fail. `commands` may be null: this host then runs no command but
  // its own actions and what people do. Everything passed by reference outlives the run.
  // usage: an input that is not of its variable's type; denied: applying a playbook with commands this host cannot do;
  // conflict: revoked or expired. Nothing is written down yet: the first poll does that, before the first effect.
  static Result<std::unique_ptr<Run>> start(RunSpec spec, ActionGateway& gateway, RunJournal& journal,
                                            const Clock& clock, const PlaybookLibrary* library = nullptr,
                                            RunLimits limits = {}, CommandGateway* commands = nullptr);
  // After a crash: the same spec, and the records it wrote. Commands with an outcome are not repeated; those with an
  // intent alone are asked for again under the same key, which the guard answers without doing them twice.
  static Result<std::unique_ptr<Run>> resume(RunSpec spec, const std::vector<RunRecord>& records,
                                             ActionGateway& gateway, RunJournal& journal, const Clock& clock,
                                             const PlaybookLibrary* library = nullptr, RunLimits limits = {},
                                             CommandGateway* commands = nullptr);
  ~Run();

  // Does everything that can be done now. Fails only when the journal does: the run then stops where it is.
  Result<RunState> poll();
  RunState state() const noexcept;
  std::optional<Time> wake_at() const;  // the next moment poll() would do something; nothing = only an answer helps
  const std::vector<StepTrace>& trace() const noexcept;
  const RunSpec& spec() const noexcept;
  // Executions that wait for a person's answer, and keys that wait for an approver at the guard.
  std::vector<std::string> waiting() const;
  std::vector<std::string> awaiting_approval() const;
  Result<void> answer(std::string_view execution, RunAnswer answer);
  // Of those that wait: the ones that people in roles must agree to. Nobody else's answer is taken there.
  std::vector<RunApproval> approvals() const;
  // denied: who asked for the run, or somebody without a role that is asked for; conflict: the same person twice.
  Result<void> agree(std::string_view execution, RunAgreement agreement);
  Result<void> cancel(const std::string& reason);
  // A paused run begins nothing and lets nothing time out; what an action or a person does meanwhile is seen when it
  // goes on. conflict: it is over, paused already, or not.
  Result<void> pause(const std::string& reason);
  Result<void> go_on(const std::string& reason);
  bool paused() const noexcept;
  // Keys of what was applied, oldest first: undoing a run is undoing these backwards through the gateway.
  const std::vector<std::string>& applied() const noexcept;

 private:
  Run();
  class Machine;
  std::unique_ptr<Machine> machine_;
};

// What an ended run tells from its records.
struct RunPast {
  std::vector<StepTrace> trace;
  std::vector<std::string> applied;  // keys at the guard, oldest first
  RunState state = RunState::running;
  // The step that failed first, by its execution, which a retried record may name; empty: none did.
  std::string failed;
};
// Replays them; nothing is asked of anybody.
Result<RunPast> past_of(RunSpec spec, const std::vector<RunRecord>& records, const Clock& clock,
                        const PlaybookLibrary* library);

// A rehearsal is a run that cannot wait: it is over when this returns.
struct Rehearsal {
  std::string playbook_id;
  std::string playbook_name;
  std::string playbook_version;
  std::string incident;
  Marked marked = Marked::real;
  Inputs inputs;  // those that were used, sorted
  std::vector<std::string> attack;
  std::vector<StepTrace> steps;
  RunState result = RunState::completed;
};
Result<Rehearsal> rehearse(PlanRef plan, const Inputs& inputs, ActionGateway& gateway, const Clock& clock,
                           std::string incident = {}, Marked marked = Marked::real,
                           const PlaybookLibrary* library = nullptr);
// The same of a run as it would be started: its mode is not looked at.
Result<Rehearsal> rehearse(RunSpec spec, ActionGateway& gateway, const Clock& clock,
                           const PlaybookLibrary* library = nullptr, CommandGateway* commands = nullptr);

// For people: every step, what it would do and touch, how it would be undone, what the guard says.
std::string render_text(const Rehearsal& rehearsal);
std::string render_json(const Rehearsal& rehearsal);
std::string render_json(const StepTrace& step);

}  // namespace tocsin::responders
