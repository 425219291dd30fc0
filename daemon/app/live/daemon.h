#pragma once
// tocsind, put together: the only place that knows everyone. Built in order, stopped in reverse.

#include <memory>
#include <string>

#include "collectors/base/log.h"
#include "collectors/base/metrics.h"
#include "collectors/opener/client.h"
#include "collectors/opener/sandbox.h"
#include "daemon/app/live/casework_thread.h"
#include "daemon/app/live/collect_desk.h"
#include "daemon/app/live/dataset_keeper.h"
#include "daemon/app/live/live_logs.h"
#include "daemon/app/live/live_packets.h"
#include "daemon/app/live/opened_files.h"
#include "daemon/app/live/response_desk.h"
#include "daemon/app/live/run_desk.h"
#include "daemon/config/config.h"
#include "daemon/config/places.h"
#include "daemon/control/server.h"
#include "daemon/notify/desk.h"

namespace tocsin::daemon {

class Daemon {
 public:
  // `config` has absolute paths. References outlive the daemon.
  Daemon(Config config, Places places, const Clock& clock, Random& random, Log& log);
  ~Daemon();

  // Opens, loads, confines itself, then starts its threads. The first error that makes watching impossible.
  Result<void> start();
  // SIGHUP: the configuration file again. Rules, decoders, sinks and reports are made anew beside the running
  // ones; a mistake keeps the old. Sections that need a restart are named. Any thread, one after the other; returns
  // once the new rules are in use. `gate` may refuse them.
  using ReloadGate = std::function<Result<void>(const Generation& old, const Generation& next)>;
  Result<void> reload(const ReloadGate& gate = {});
  // A tuning entry that was decided at load begins or ends: the rules must be loaded again.
  bool reload_due() const;
  // Between signals, about once a second: metrics file, health.
  void tick();
  // Sources stop, the inbox drains, everything found is committed.
  void stop();

  // For the methods of the control socket.
  FieldNames& names() noexcept { return names_; }
  Generations& generations() noexcept { return *generations_; }
  Inbox& inbox() noexcept { return inbox_; }
  const Config& config() const noexcept { return config_; }
  const Clock& clock() const noexcept { return clock_; }
  Random& random() noexcept { return random_; }
  Metrics& metrics() noexcept { return metrics_; }
  Log& log() noexcept { return log_; }
  const PlaybookShelf& shelf() const noexcept { return response_->shelf(); }
  RunDesk& runs() noexcept { return *runs_; }
  const std::string& host() const noexcept { return host_; }
  std::string status_json() const;

  // Runs on the casework thread, in one transaction; waits for it.
  Result<void> on_casework(std::function<Result<void>(Keeper&)> change, TaskWaits waits = TaskWaits::checkpoint);
  // Null when the vault cannot be opened. Casework's thread.
  EvidenceBook* evidence() noexcept { return evidence_.get(); }
  // The frames that packet workers hold, and the vault, for collect.packets. Any thread.
  PacketPlace packet_place();
  // Waits until all that was sent before is committed.
  Result<void> settle();

 private:
  struct Watched {
    std::string name;
    std::string state;
    std::uint64_t packets = 0;
    std::uint64_t lost = 0;
    std::size_t rings = 0;
  };
  std::vector<Watched> interfaces() const;
  void watch_interfaces();
  Result<GenerationRef> load_generation(const Config& config, std::uint64_t number);
  Result<void> open_store();
  void open_evidence();
  void open_eve();
  Result<void> open_collectors();
  void open_owners();
  void open_rings(const InterfaceConfig& wanted);
  void reopen_rings();
  Result<void> open_logs();
  void say_blind_since_last_run();
  void filed(const FiledAlert& alert);
  void withhold_record(const rules::Alert& alert);
  Result<void> reload_with(const ReloadGate& gate);
  void put_away(GenerationRef old, std::uint64_t number);
  Result<CarvedPackets> carve(const PacketWish& wish);
  Result<void> open_control();
  Result<void> confine();

  Config config_;
  const Places places_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  std::string host_;
  Time started_{};
  Metrics metrics_;
  Counter& eve_withheld_ =
      metrics_.counter("tocsin_eve_alerts_withheld", "Alerts not written to eve.file, marked above its max_tlp");
  FieldNames names_;
  Inbox inbox_;
  std::unique_ptr<Generations> generations_;
  std::unique_ptr<Keeper> keeper_;
  std::optional<collectors::OpenerClient> opener_;
  std::unique_ptr<OpenedFiles> files_;
  std::unique_ptr<ResponseDesk> response_;
  std::unique_ptr<NotifyDesk> notify_;
  DatasetKeeper datasets_{log_};
  std::unique_ptr<EveSink> eve_;                         // null: no EVE records
  std::optional<collectors::OpenerClient> owner_asker_;  // a connection of its own
  std::unique_ptr<FlowOwners> owners_;                   // null: nobody asks whose sockets flows are
  CaptureWatch watch_{metrics_};
  std::unique_ptr<EvidenceBook> evidence_;  // null: no packets are kept
  std::unique_ptr<CaseworkThread> casework_;
  std::unique_ptr<RunDesk> runs_;
  std::vector<std::unique_ptr<LivePackets>> packets_;
  // Whose rings are packets_[begin, end).
  struct WatchedInterface {
    collectors::RingRequest request;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::ptrdiff_t gone_before = 0;  // its workers without a ring when they were last looked at
  };
  std::vector<WatchedInterface> watched_;
  Time rings_tried_{};
  std::vector<std::unique_ptr<LiveLogs>> logs_;
  MethodTable methods_;
  std::optional<ControlServer> control_;
  collectors::SandboxReport sandbox_;
  std::vector<std::string> remarks_;  // what could not be opened, shown by status
  Time metrics_written_{};
  std::mutex reload_mutex_;
  std::atomic<Time::rep> reload_again_{INT64_MIN};  // not before, by itself, after one that failed
};

// Everything the control socket can be asked; a test holds it against the commands of `tocsin`.
void add_all_methods(MethodTable& methods, Daemon& daemon);
// The methods that need more than the store: list.engines, status, metrics, incident changes, reports.
void add_daemon_methods(MethodTable& methods, Daemon& daemon);
// playbook.list, status, rehearse.
void add_response_methods(MethodTable& methods, Daemon& daemon);
// playbook.run, answer, cancel.
void add_run_methods(MethodTable& methods, Daemon& daemon);
// tuning.*: what analysts changed about rules.
void add_live_tuning_methods(MethodTable& methods, Daemon& daemon);
// rule.sets, update, rollback: rule sets that were installed.
void add_live_set_methods(MethodTable& methods, Daemon& daemon);
// replay.run: an exercise through the running pipeline.
void add_exercise_method(MethodTable& methods, Daemon& daemon);

}  // namespace tocsin::daemon
