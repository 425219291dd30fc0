#pragma once
// One loaded set of rules and decoders. A reload makes a new one; whoever still works with the old keeps it alive, and
// what it found is decided by its own state.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "daemon/app/workbench.h"

namespace tocsin::daemon {

struct Generation {
  std::uint64_t number = 0;
  std::shared_ptr<const collectors::DecoderSet> decoders;
  std::unique_ptr<Engines> engines;
  std::size_t refused = 0;
  std::optional<Time> loads_again;  // Engines::next_change
};
using GenerationRef = std::shared_ptr<Generation>;

// The current one, for every thread. `number()` is cheap enough to ask before each batch.
class Generations {
 public:
  explicit Generations(GenerationRef first) : current_(std::move(first)), number_(current_->number) {}
  GenerationRef current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  std::uint64_t number() const noexcept { return number_.load(std::memory_order_acquire); }
  void replace(GenerationRef next) {
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
    number_.store(current_->number, std::memory_order_release);
  }

 private:
  mutable std::mutex mutex_;
  GenerationRef current_;
  std::atomic<std::uint64_t> number_;
};

}  // namespace tocsin::daemon
