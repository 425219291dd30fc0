#pragma once
// Time enters through a Clock; only daemon/app owns the real one.

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::sys_time<Duration>;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

// Replays and tests. Never goes back.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start = Time{}) : now_(start.time_since_epoch().count()) {}
  Time now() const override { return Time{Duration{now_.load(std::memory_order_relaxed)}}; }
  void advance_to(Time time) {
    auto current = now_.load(std::memory_order_relaxed);
    const auto wanted = time.time_since_epoch().count();
    while (wanted > current && !now_.compare_exchange_weak(current, wanted)) {
    }
  }

 private:
  std::atomic<Duration::rep> now_;
};

// RFC 3339 in UTC; 3 fraction digits, or 6 / 9 when the time has them: "2026-11-22T15:30:01.250Z".
std::string render_time(Time time);
// RFC 3339 with Z or an offset; a space for the T and a missing offset (read as UTC) are accepted.
std::optional<Time> parse_time(std::string_view text) noexcept;

// "90s", "10m", "2h", "7d", "500ms", and sums such as "1h30m".
std::optional<Duration> parse_duration(std::string_view text) noexcept;
std::string render_duration(Duration duration);

}  // namespace tocsin
