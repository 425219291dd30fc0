#pragma once
// What a run writes down, into the store and into the incident's timeline: what it brings at a time in one transaction
// on the casework thread, durable before the run goes on.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "daemon/app/keeper.h"
#include "responders/playbook/run/run.h"

namespace tocsin::daemon {

// Runs a change on the casework thread, in its transaction, and waits for it (Daemon::on_casework).
using OnCasework = std::function<Result<void>(std::function<Result<void>(Keeper&)>)>;

enum class Repeat : std::uint8_t { refused, wanted };  // a playbook that ran for the incident before

struct RunIdentity {
  RunId id;
  IncidentId incident;
  std::string alias;         // of the incident
  std::string playbook;      // its name
  responders::PlanRef plan;  // null when it is gone
  responders::Actor actor;   // who started it
  std::string reason;
  Repeat repeat = Repeat::refused;
  Time started{};
};

class RunNotes final : public responders::RunJournal {
 public:
  // `clock` outlives it.
  RunNotes(RunIdentity run, OnCasework casework, const Clock& clock);
  // For a run that goes on: what it wrote before.
  void recall(const std::vector<responders::RunRecord>& records);

  // conflict: the playbook runs or ran for this incident already, or the effect was begun before.
  Result<void> append(std::span<const responders::RunRecord> records) override;
  // Something of it is in the store.
  bool begun() const noexcept { return begun_; }
  // Somebody took an effect back, or could not: into the timeline.
  Result<void> undone(const std::string& key, const std::string& outcome, const std::string& text);
  // The run ends without having said so itself: `state` is "unknown" or "cancelled".
  Result<void> close(const std::string& state, const std::string& why);
  const RunIdentity& run() const noexcept { return run_; }

 private:
  Result<void> write(Keeper& keeper, const responders::RunRecord& record);
  Result<void> begin(Keeper& keeper, const responders::RunRecord& record);
  Result<void> put_state(Keeper& keeper, const std::string& state);
  Result<void> tell(Keeper& keeper, const responders::RunRecord& record);
  Result<void> add_to_timeline(Keeper& keeper, responders::change::RunRecorded entry, const responders::Actor& actor);
  std::string label_of(const std::string& step) const;

  const RunIdentity run_;
  const OnCasework casework_;
  const Clock& clock_;
  std::map<std::string, std::string> actions_;  // by execution
  bool begun_ = false;
};

}  // namespace tocsin::daemon
