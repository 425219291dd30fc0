#include "daemon/eve/sink.h"

namespace tocsin::daemon {

EveSink::EveSink(EveSinkOptions options, const Clock& clock, Log& log, Metrics& metrics)
    : options_(std::move(options)),
      clock_(clock),
      log_(log),
      written_(metrics.counter("tocsin_eve_records", "EVE records written")),
      dropped_queue_(metrics.counter("tocsin_eve_records_dropped", "EVE records lost, by cause", "cause=\"queue\"")),
      dropped_disk_(metrics.counter("tocsin_eve_records_dropped", "EVE records lost, by cause", "cause=\"disk\"")),
      file_(options_.file) {}

EveSink::~EveSink() { stop(); }

void EveSink::start() {
  started_ = stats_at_ = clock_.now();
  thread_ = std::thread([this] { run(); });
}

void EveSink::stop() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void EveSink::offer(std::vector<EveRecord> records) {
  if (records.empty()) return;
  put_in_order(records);
  std::uint64_t dropped = 0;
  {
    const std::lock_guard lock(mutex_);
    for (auto& record : records) {
      if (queued_bytes_ + record.line.size() > options_.queue_most) {
        ++dropped;
        continue;
      }
      queued_bytes_ += record.line.size();
      queue_.push_back(std::move(record));
    }
  }
  if (dropped != 0) dropped_queue_.add(dropped);
  wake_.notify_one();
}

void EveSink::report(std::size_t worker, const EveCounters& counters, const collectors::PacketCounters& packets) {
  const std::lock_guard lock(mutex_);
  if (workers_.size() <= worker) workers_.resize(worker + 1);
  workers_[worker] = {counters, packets};
}

void EveSink::count_rules(EveRuleCounts rules) {
  const std::lock_guard lock(mutex_);
  rules_ = rules;
}

std::string EveSink::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void EveSink::run() {
  constexpr auto turn = std::chrono::milliseconds{200};
  for (;;) {
    std::vector<EveRecord> records;
    bool over = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, turn, [this] { return over_ || !queue_.empty(); });
      records.swap(queue_);
      queued_bytes_ = 0;
      over = over_;
    }
    if (reopen_.exchange(false)) file_.close();
    const Time now = clock_.now();
    if (options_.records.stats.enabled && (over || now - stats_at_ >= options_.stats_every)) {
      stats_at_ = now;
      EveRecord stats;
      stats.line = stats_line(now);
      records.push_back(std::move(stats));
    }
    write(records);
    if (over) return;
  }
}

std::string EveSink::stats_line(Time now) {
  EveStats stats;
  const std::lock_guard lock(mutex_);
  for (const auto& worker : workers_) stats.add(worker.eve, worker.packets);
  stats.rules = rules_;
  stats.alerts = alerts_.load(std::memory_order_relaxed);
  stats.start = started_;
  stats.time = now;
  return render_stats(stats);
}

// After a failure the disk is asked again at intervals; what comes meanwhile is counted.
void EveSink::write(const std::vector<EveRecord>& records) {
  if (records.empty()) return;
  const Time now = clock_.now();
  if (now < retry_at_) return dropped_disk_.add(records.size());
  std::uint64_t done = 0;
  Result<void> outcome{};
  for (const auto& record : records) {
    outcome = file_.write(record.line, now);
    if (!outcome) break;
    ++done;
  }
  if (outcome) outcome = file_.flush();
  // What was buffered may be lost with it: all of the round counts as lost.
  if (outcome) written_.add(done);
  else dropped_disk_.add(records.size());
  const std::lock_guard lock(mutex_);
  if (outcome) {
    if (!trouble_.empty()) log_.info("EVE records are written again");
    trouble_.clear();
    return;
  }
  file_.close();
  retry_at_ = now + std::chrono::seconds{5};
  trouble_ = outcome.error().text();
  log_.limited(LogLevel::error, "eve", trouble_ + "; EVE records are dropped and counted meanwhile");
}

}  // namespace tocsin::daemon
