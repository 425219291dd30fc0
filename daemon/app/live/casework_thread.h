#pragma once
// The single casework thread: takes work from the inbox, decides alerts in order, commits one checkpoint after the
// other, and runs what people asked for between them. Everything that changes an incident or the store happens here.

#include <deque>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "collectors/base/log.h"
#include "collectors/base/metrics.h"
#include "daemon/app/evidence/evidence_book.h"
#include "daemon/app/evidence/evidence_figures.h"
#include "daemon/app/live/inbox.h"
#include "daemon/app/live/silence_watch.h"
#include "daemon/app/owner/flow_owners.h"
#include "daemon/report/desk.h"

namespace tocsin::daemon {

struct CaseworkOptionsLive {
  Duration checkpoint_every = std::chrono::seconds{1};  // when nothing is urgent; an alert is always urgent
  Duration retain_every = std::chrono::hours{1};
  RetentionConfig events;
  RetentionConfig alerts;
  SilenceConfig silence;
};

// Where the store keeps the last moment the daemon was seen at work.
constexpr std::string_view alive_position = "daemon:alive";
// And what it learnt of how regularly its sources are heard.
constexpr std::string_view silence_position = "daemon:silence";

// Null: not there.
struct CaseworkAides {
  EvidenceBook* evidence = nullptr;
  FlowOwners* owners = nullptr;
};

class CaseworkThread {
 public:
  // Called on this thread for each alert once it is stored.
  using Listener = std::function<void(const FiledAlert&)>;

  // All references outlive the thread. `reports` may be empty.
  CaseworkThread(Inbox& inbox, Keeper& keeper, std::optional<ReportDesk> reports, const Clock& clock, Log& log,
                 Metrics& metrics, CaseworkOptionsLive options, Listener listener, CaseworkAides aides = {});
  ~CaseworkThread();

  void start();
  // Takes what is left in the (closed) inbox, commits it and ends.
  void join();

  // Empty while everything found can be stored; else why not. Any thread.
  std::string store_trouble() const;
  std::vector<SilenceWatch::Silent> silent() const { return silence_.silent(); }
  std::uint64_t evidence_bytes() const noexcept { return evidence_figures_.bytes(); }

  // For tasks.
  void use(ReportDesk reports) { reports_ = std::move(reports); }
  Keeper& keeper() noexcept { return keeper_; }
  Result<void> in_transaction(const std::function<Result<void>()>& change) { return keeper_.in_transaction(change); }

 private:
  void run();
  void take(Work work);
  void checkpoint();
  void housekeeping(Time now);
  void say_alive(Time now);
  void pass_handovers();
  void watch_silence(Time now);
  void name_owners(std::vector<rules::Alert>& alerts) const;
  void keep_evidence(Duration at_most);
  void take_evidence(std::vector<TakenEvidence> captures);
  void clear_trouble();
  void count_unstored();
  void report_trouble(const Error& error);

  Inbox& inbox_;
  Keeper& keeper_;
  std::optional<ReportDesk> reports_;
  const Clock& clock_;
  Log& log_;
  const CaseworkOptionsLive options_;
  const Listener listener_;
  Counter& alerts_stored_;
  Counter& checkpoints_;
  Gauge& storing_;
  Counter& unstored_;
  const CaseworkAides aides_;
  EvidenceFigures evidence_figures_;
  SilenceWatch silence_;
  Gauge& silent_sources_;
  Time looked_for_silence_{};
  Time saved_silence_{};
  std::deque<TakenEvidence> taken_;  // until their alerts are committed, and there is time
  std::uint64_t taken_bytes_ = 0;
  std::vector<BlindInterval> blind_;
  BlindInterval unstored_now_;  // count 0: nothing was lost since the store last took events
  Time last_checkpoint_{};
  Time last_retention_{};
  Time next_report_look_{};
  Time retry_at_{};
  Time said_alive_{};
  Time passed_handovers_{};
  bool urgent_ = false;
  mutable std::mutex trouble_mutex_;
  std::string trouble_;
  std::thread thread_;
};

}  // namespace tocsin::daemon
