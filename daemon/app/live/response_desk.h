#pragma once
// What an incident sets in motion: triggers choose playbooks, each is rehearsed through the guard, and then either
// begun (a trigger that applies, and nothing speaks against it) or what it would do goes into the incident's timeline.
// One thread of its own: a responder that is slow must not hold up casework.

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "collectors/base/log.h"
#include "daemon/app/live/collect_desk.h"
#include "daemon/app/live/hunt_desk.h"
#include "daemon/app/live/inbox.h"
#include "daemon/app/live/run_cause.h"
#include "daemon/app/live/run_desk.h"
#include "daemon/config/config.h"
#include "daemon/control/method.h"
#include "responders/action/table.h"
#include "responders/guard/client.h"
#include "responders/playbook/command/client.h"
#include "responders/playbook/run/run.h"
#include "responders/playbook/signature/signature.h"
#include "responders/playbook/trigger.h"

namespace tocsin::daemon {

struct LoadedPlaybook {
  responders::PlanRef plan;
  std::string file;
  std::string handle() const;  // its folder's name: the short one that people write
};

// Playbooks and triggers as the configuration names them. Read before the sandbox closes; immutable.
struct PlaybookShelf final : responders::PlaybookLibrary {
  std::vector<LoadedPlaybook> playbooks;
  responders::Triggers triggers;
  responders::KeyStore keys;  // of who may sign playbooks

  static PlaybookShelf load(const RespondConfig& config, Diagnostics& diagnostics);
  const LoadedPlaybook* find(std::string_view name_or_id) const;
  std::string handle_of(std::string_view name) const;  // empty: no longer on the shelf
  // The latest when `version` is empty.
  responders::PlanRef find(std::string_view id, std::string_view version) const override;
  // denied: the playbook, or one that it calls, has no signature that counts at `now`.
  Result<void> check_signed(const responders::Plan& plan, Time now) const;
  struct Fitting {
    responders::CalledPlaybook called;
    const LoadedPlaybook* playbook = nullptr;
  };
  // What fits the incident, in the order of the triggers. Valid as long as the incident.
  std::vector<Fitting> fitting(const responders::Incident& incident) const;
};

// playbook.list, of a running daemon's shelf or of the one a command without a daemon reads.
Result<void> list_shelf(const PlaybookShelf& shelf, const Clock& clock, const Call& call, Reply& reply);

class ResponseDesk {
 public:
  // All references outlive it. `here`: the name of this host.
  ResponseDesk(PlaybookShelf shelf, const Config& config, std::string here, Inbox& inbox, const Clock& clock,
               Random& random, Log& log);
  ~ResponseDesk();
  // `runs` outlives the thread; `packets`: what collect.packets looks at.
  void start(RunDesk& runs, PacketPlace packets);
  void stop();

  // An incident was opened or has a new kind of alert. Never waits; when too many are waiting the oldest is kept.
  void consider(const responders::Incident& incident);
  const PlaybookShelf& shelf() const noexcept { return shelf_; }

 private:
  void run();
  // What was begun for it before this daemon started.
  Result<void> recall(const responders::Incident& incident);
  std::vector<BegunResponse>& keep(IncidentId incident);
  void respond(const responders::Incident& incident, const PlaybookShelf::Fitting& fitting,
               const Result<void>& recalled);
  void begin(responders::RunSpec spec, const responders::Incident& incident, const PlaybookShelf::Fitting& fitting);
  void record(responders::Rehearsal rehearsal, IncidentId incident);
  Result<void> may_apply(const responders::Incident& incident, const PlaybookShelf::Fitting& fitting) const;

  const PlaybookShelf shelf_;
  const RespondConfig respond_;
  const std::vector<AssetConfig> assets_;
  const std::string here_;
  const std::filesystem::path store_;
  responders::ResponderClient client_;
  responders::OfflineGateway offline_;
  std::unique_ptr<responders::RunnerClient> runner_;  // null: commands are not carried out
  HuntDesk commands_;
  PacketPlace packets_;
  Inbox& inbox_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  Channel<responders::Incident> waiting_{256};
  std::set<std::pair<IncidentId, std::string>> done_;       // once per incident and playbook
  std::map<IncidentId, std::vector<BegunResponse>> begun_;  // its thread only
  Time started_{};
  RunDesk* runs_ = nullptr;
  std::thread thread_;
};

// The guard, or when no responder runs the gateway that tells what would be done without the guard's word.
responders::ActionGateway& reachable(responders::ResponderClient& guard, responders::OfflineGateway& otherwise);

// Puts a rehearsal into the incident's timeline and the store's runs. Casework thread, inside its transaction.
Result<void> record_rehearsal(Keeper& keeper, IncidentId incident, RunId run, const responders::Rehearsal& rehearsal,
                              Time now);

}  // namespace tocsin::daemon
