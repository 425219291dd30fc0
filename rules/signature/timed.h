#pragma once
// Counts a rule's evaluation and, every 64th time, measures it. The clock never influences what matches.

#include <atomic>
#include <chrono>
#include <cstdint>

#include "rules/signature/detector.h"

namespace tocsin::rules::signature {

// One writer: a plain add without a locked instruction.
inline void add_one(std::atomic<std::uint64_t>& counter, std::uint64_t amount = 1) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

class SignatureDetector::Timed {
 public:
  static constexpr std::uint64_t every = 64;

  Timed(RuleCounter& counter, std::uint64_t check) noexcept : counter_(counter), measured_(check % every == 0) {
    add_one(counter_.checks);
    if (measured_) start_ = std::chrono::steady_clock::now();
  }
  ~Timed() {
    if (!measured_) return;
    const auto spent = std::chrono::steady_clock::now() - start_;
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count();
    add_one(counter_.nanoseconds, static_cast<std::uint64_t>(nanoseconds) * every);
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  RuleCounter& counter_;
  bool measured_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace tocsin::rules::signature
