#pragma once
// Playbooks carried out: every run that is under way, on one thread of its own, because a run waits for approvers,
// people and slow actions. Runs take turns; one that waits holds nobody up, an action that takes long holds up the
// others. What was under way when the daemon ended goes on at start, from its records.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "collectors/base/channel.h"
#include "collectors/base/log.h"
#include "daemon/app/live/collect_desk.h"
#include "daemon/app/live/hunt_desk.h"
#include "daemon/app/live/run_notes.h"
#include "daemon/app/share.h"
#include "daemon/config/config.h"
#include "daemon/store/records.h"
#include "responders/guard/client.h"
#include "responders/playbook/command/client.h"

namespace tocsin::daemon {

struct RunOrder {
  RunIdentity identity;  // without id and start
  responders::Inputs inputs;
  responders::Requester behalf;
  responders::Cause cause;
  rules::Tlp tlp = rules::Tlp::none;  // of the incident
};

// A run as it stands.
struct RunView {
  RunId id;
  std::string playbook;
  std::string incident;  // alias
  responders::RunState state = responders::RunState::running;
  std::vector<responders::StepTrace> steps;
  std::vector<std::string> approvals;               // keys that wait for an approver
  std::vector<std::string> people;                  // executions that wait for a person's answer
  std::vector<responders::RunApproval> agreements;  // of these, the ones that people in roles must agree to
  responders::PlanRef plan;
  bool paused = false;
};

// What became of taking a run back.
struct RunUndone {
  std::vector<std::string> undone;                          // keys, the newest effect first
  std::vector<std::pair<std::string, std::string>> failed;  // key and why
};

struct RunDeskParts {
  RespondMode mode = RespondMode::rehearse;
  std::string socket;           // of the responder
  std::filesystem::path store;  // to read the records of runs that go on
  const responders::PlaybookLibrary& library;
  OnCasework casework;
  std::string runner = {};   // of tocsin-runner; empty: none
  HuntPlace hunts = {};      // of sigma commands
  PacketPlace packets = {};  // of collect.packets
};

class RunDesk {
 public:
  // Everything given by reference outlives it.
  RunDesk(RunDeskParts parts, const Clock& clock, Random& random, Log& log);
  ~RunDesk();
  void start();
  // Runs that wait stay as they are in the store.
  void stop();

  // Each waits until the run can do nothing more by itself: it is over, or waits.
  // denied: respond.mode is rehearse; conflict: it runs or ran for the incident already.
  Result<RunView> run(RunOrder order);
  // Without waiting for it: a trigger asks. What goes wrong is logged. False: it is stopping.
  bool begin(RunOrder order);
  // A person did what a manual step asks. `step` (its name or execution) may be empty when one waits only.
  Result<RunView> answer(RunId run, const std::string& step, responders::RunAnswer answer);
  // A person's word on a step that people in roles must agree to; `step` as of answer.
  Result<RunView> agree(RunId run, const std::string& step, responders::RunAgreement agreement);
  Result<RunView> cancel(RunId run, const std::string& reason);
  Result<RunView> pause(RunId run, const std::string& reason);
  Result<RunView> go_on(RunId run, const std::string& reason);
  // As it stands, without going on; one that is over as its records tell.
  Result<RunView> look(RunId run);
  // A failed run goes on at the step that failed first, or at `step` (its name or execution), under a new key.
  Result<RunView> retry(RunId run, const std::string& step, responders::Actor actor, const std::string& reason);
  // Takes what a run applied back, the newest first. conflict: it is under way.
  Result<RunUndone> undo(RunId run, responders::Actor actor, const std::string& reason);

 private:
  struct Active {
    std::unique_ptr<RunNotes> notes;
    std::unique_ptr<responders::Run> run;  // null while it waits to be read again
    Time retry{};
  };

  // A run that is over, from the store.
  struct Past {
    RunRow row;
    std::vector<responders::RunRecord> records;
    responders::RunSpec spec;
    responders::RunPast told;
  };
  template <class T>
  Result<T> on_thread(std::function<Result<T>()> task);
  Result<Past> past(RunId id) const;
  RunIdentity identity_of(const Past& past, responders::Actor actor) const;
  void work();
  Duration patience() const;
  void poll_due();
  Result<RunView> on_poll(RunId id);
  void take_up_all();
  void take_up(const RunRow& row);
  Result<void> take_up(const RunRow& row, const std::vector<RunStepRow>& steps);
  Result<responders::Run*> under_way(RunId id);
  std::size_t busy() const;
  Result<RunView> start_run(RunOrder order);
  RunView view(RunId id, const Active& active) const;

  const RunDeskParts parts_;
  responders::ResponderClient client_;
  SharingGateway sharing_;                            // before the client
  CollectDesk gateway_;                               // before both
  std::unique_ptr<responders::RunnerClient> runner_;  // null: its commands are not carried out
  std::unique_ptr<HuntDesk> commands_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  std::map<RunId, Active> active_;  // its thread only
  Channel<std::function<void()>> tasks_{64};
  std::thread thread_;
};

}  // namespace tocsin::daemon
