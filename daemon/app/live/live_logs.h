#pragma once
// Log collection: one thread follows its share of the files and the journal, decodes, detects and hands batches to
// casework together with the positions they cover. A source stays with one worker, so its lines keep their order. When
// casework is behind, it waits: files and the journal keep their lines.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "collectors/base/log.h"
#include "collectors/base/metrics.h"
#include "collectors/log/journal/journal_tail.h"
#include "collectors/log/tail/file_tail.h"
#include "daemon/app/lanes.h"
#include "daemon/app/live/inbox.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {

struct LiveLogsOptions {
  Config config;
  std::string host;
  collectors::TimeZone zone;
  std::map<std::string, std::string> positions;  // as the store has them
  std::size_t worker = 0;                        // of `workers`: every workers-th source is this one's
  std::size_t workers = 1;
  bool journal = false;  // it can be read: logs that only stand in for it are left alone
};

class LiveLogs {
 public:
  LiveLogs(LiveLogsOptions options, collectors::FileOpener& opener, FieldNames& names, const Generations& generations,
           Inbox& inbox, const Clock& clock, Log& log, Metrics& metrics);
  ~LiveLogs();
  void start();
  void stop() noexcept { over_.store(true, std::memory_order_relaxed); }
  void join();

  struct State {
    std::string source;
    std::string state;
    std::uint64_t events = 0;
    std::uint64_t lost = 0;
    std::string detail;
  };
  std::vector<State> states() const;
  // Where sd-journal looks, for the directory of the configuration: systemd's own place means both of its places, the
  // kept journal and the one in memory.
  static std::string journal_directory(const CollectConfig& collect);
  // Sources a configuration names: more workers than that would have nothing to do.
  static std::size_t sources(const CollectConfig& collect) noexcept;

 private:
  struct Followed {
    std::string glob;
    collectors::FileTail tail;
    std::atomic<std::uint64_t> files{0};
    std::atomic<std::uint64_t> lines{0};
    std::atomic<std::uint64_t> lost{0};
    std::atomic<std::uint64_t> refused{0};
    State state() const;
    Followed(std::string g, collectors::FileTail t) : glob(std::move(g)), tail(std::move(t)) {}
  };
  void follow(const std::string& glob, collectors::LogKind kind, const std::string& program,
              const std::vector<collectors::Position>& known);
  bool mine() noexcept { return next_source_++ % options_.workers == options_.worker; }
  void open_journal();
  void run();
  void rest();
  bool turn_files(Time now);
  bool turn_journal(Time now);
  void renew();
  bool send(EventBatch batch, std::vector<std::pair<std::string, std::string>> positions);

  const LiveLogsOptions options_;
  collectors::FileOpener& opener_;
  FieldNames& names_;
  const Generations& generations_;
  Inbox& inbox_;
  const Clock& clock_;
  Log& log_;
  Counter& events_;
  GenerationRef generation_;
  std::unique_ptr<EventLane> lane_;
  std::vector<std::unique_ptr<Followed>> followed_;
  std::optional<collectors::JournalTail> journal_;
  std::vector<std::string> left_alone_;  // globs whose lines the journal has
  std::size_t next_source_ = 0;          // in the order of the configuration
  std::string journal_state_;            // empty: not this worker's
  std::atomic<std::uint64_t> journal_entries_{0};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace tocsin::daemon
