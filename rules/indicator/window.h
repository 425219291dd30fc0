#pragma once
// Host-wide state: which (indicator, host, party) has alerted within the window, so that a busy beacon is one alert.
// Decided on one thread in the order of time; workers ask beforehand, without a lock, whether it is worth making an
// alert at all. What a worker keeps back is exactly what the decision would have kept back, so the number of workers
// changes nothing.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "collectors/base/digest.h"
#include "collectors/base/metrics.h"
#include "rules/detector.h"

namespace tocsin::rules::indicator {

// What a detector hands over with an alert.
struct HitKey {
  explicit HitKey(Digest128 k) : key(k) {}
  Digest128 key;
};

class AlertWindow final : public SharedState {
 public:
  static constexpr std::size_t keys_most = 65'536;  // the oldest goes: it may alert again early

  // `folded`, which may be null, counts what is kept back; `each_minute`, which may be empty, is told the time, on the
  // thread that decides.
  explicit AlertWindow(Duration window, Counter* folded = nullptr, std::function<void(Time)> each_minute = {});

  // Any worker. True: it alerted within the window; counted, nothing more is to be done.
  bool quiet(const Digest128& key, Time when) noexcept;

  void decide(Alert alert, AlertSink& out) override;
  void advance(Time now, AlertSink& out) override;
  std::uint64_t held_back() const noexcept override { return held_back_.load(std::memory_order_relaxed); }
  std::string save() const override;
  Result<void> restore(std::string_view saved) override;

 private:
  // The latest alert of a key that falls on this place: upper half of the key's high word, second of the alert.
  struct Hint {
    std::atomic<std::uint64_t> word{0};
    std::atomic<std::uint32_t> folded{0};
  };
  struct Told {
    Time last{};
    std::uint64_t folded = 0;
  };
  Hint& hint(const Digest128& key) const noexcept { return hints_[key.low % keys_most]; }
  void publish(const Digest128& key, Time when);
  void hold_back(std::uint64_t count) noexcept;

  const Duration window_;
  const std::uint64_t window_seconds_;
  Counter* const folded_;
  const std::function<void(Time)> each_minute_;
  std::optional<Time> minute_;  // when it was last told
  std::unique_ptr<Hint[]> hints_;
  std::vector<Digest128> owners_;  // of the hints
  std::unordered_map<Digest128, Told> told_;
  std::deque<Digest128> order_;  // oldest first
  std::atomic<std::uint64_t> held_back_{0};
};

}  // namespace tocsin::rules::indicator
