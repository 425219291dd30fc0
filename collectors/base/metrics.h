#pragma once
// Counters and gauges, found by name once at construction and touched by reference ever after.
// Rendered as OpenMetrics text (https://openmetrics.io, exposition format 1.0).

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

namespace tocsin {

class Counter {
 public:
  void add(std::uint64_t amount = 1) noexcept { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t amount) noexcept { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// Owns every metric of one process. Thread-safe. References stay valid as long as the registry.
class Metrics {
 public:
  // `name` without the _total suffix, e.g. "tocsin_packets_dropped"; `labels` as `cause="ring"` or empty.
  // The same name and labels give the same object.
  Counter& counter(std::string_view name, std::string_view help, std::string_view labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = {});

  std::string render_openmetrics() const;  // ends with "# EOF\n"

 private:
  struct Row {
    std::string name;
    std::string help;
    std::string labels;
    bool is_counter;
    Counter counter;
    Gauge gauge;
  };
  Row& row(std::string_view name, std::string_view help, std::string_view labels, bool is_counter);

  mutable std::mutex mutex_;
  std::deque<Row> rows_;
};

}  // namespace tocsin
