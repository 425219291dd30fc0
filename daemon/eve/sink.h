#pragma once
// EVE records of the running daemon: offered by packet workers and casework, written by a thread of its own. Nobody
// ever waits for the disk: what does not fit the queue, or cannot be written, is counted and dropped.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "collectors/base/log.h"
#include "collectors/base/metrics.h"
#include "collectors/base/time.h"
#include "daemon/eve/options.h"
#include "daemon/eve/record.h"
#include "daemon/eve/rotating_file.h"
#include "daemon/eve/stats.h"

namespace tocsin::daemon {

struct EveSinkOptions {
  RotatingFileOptions file;
  EveOptions records;
  Duration stats_every = std::chrono::seconds{8};
  std::size_t queue_most = std::size_t{64} << 20;  // bytes
};

class EveSink {
 public:
  // References outlive the sink.
  EveSink(EveSinkOptions options, const Clock& clock, Log& log, Metrics& metrics);
  ~EveSink();
  void start();
  // Writes what was offered before, then ends.
  void stop();

  const EveOptions& records() const noexcept { return options_.records; }
  // Any thread. Records of one call stay in their order of rank.
  void offer(std::vector<EveRecord> records);
  // What one worker has counted so far, for the stats record. Any thread; `worker` is the caller's own number.
  void report(std::size_t worker, const EveCounters& counters, const collectors::PacketCounters& packets);
  void count_rules(EveRuleCounts rules);
  void count_alert() noexcept { alerts_.fetch_add(1, std::memory_order_relaxed); }
  // Any thread: the next record opens the file anew.
  void reopen() noexcept { reopen_.store(true); }
  // Empty while records can be written, else why not. Any thread.
  std::string trouble() const;

 private:
  struct Reported {
    EveCounters eve;
    collectors::PacketCounters packets;
  };
  void run();
  void write(const std::vector<EveRecord>& records);
  std::string stats_line(Time now);

  const EveSinkOptions options_;
  const Clock& clock_;
  Log& log_;
  Counter& written_;
  Counter& dropped_queue_;
  Counter& dropped_disk_;
  RotatingFile file_;
  Time started_{};
  Time stats_at_{};
  Time retry_at_{};
  std::atomic<std::uint64_t> alerts_{0};
  std::atomic<bool> reopen_{false};

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::vector<EveRecord> queue_;
  std::size_t queued_bytes_ = 0;
  std::vector<Reported> workers_;
  EveRuleCounts rules_;
  std::string trouble_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace tocsin::daemon
