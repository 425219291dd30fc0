#pragma once
// Counts a rule's evaluation and measures one in about 64. Which one is drawn, as evaluations come in patterns: a fixed
// step would measure some rules always and others never. The clock never influences what matches.

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
  Timed(RuleCounter& counter, Sampler& sampler) noexcept : counter_(counter), measured_(sampler.draw()) {
    add_one(counter_.checks);
    if (measured_) start_ = std::chrono::steady_clock::now();
  }
  ~Timed() {
    if (!measured_) return;
    const auto spent = std::chrono::steady_clock::now() - start_;
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count();
    add_one(counter_.nanoseconds, static_cast<std::uint64_t>(nanoseconds) * Sampler::every);
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  RuleCounter& counter_;
  bool measured_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace tocsin::rules::signature
