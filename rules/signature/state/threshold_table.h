#pragma once
// The host-wide half of the engine: thresholds, detection_filter, suppression and xbits, where the alerts of all
// workers meet in time order on one thread. Tables are capped; when one is full its oldest windows give way, counted.

#include <atomic>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "rules/detector.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::rules::signature {

class ThresholdTable final : public SharedState {
 public:
  static constexpr std::size_t entries_most = 1U << 18;

  std::string save() const override;
  Result<void> restore(std::string_view text) override;
  void decide(Alert alert, AlertSink& out) override;
  void advance(Time now, AlertSink& out) override;

  std::uint64_t held_back() const noexcept override { return held_back_.load(std::memory_order_relaxed); }
  std::uint64_t evicted() const noexcept { return evicted_; }

 private:
  struct Window {
    Time start{};
    std::uint32_t count = 0;
    std::uint32_t seconds = 0;
    std::uint32_t next = 0;                 // backoff: the count that lets an alert through
    std::vector<std::uint16_t> ports = {};  // unique_on: those seen, sorted
  };
  static constexpr std::size_t ports_most = 1'024;  // of one window; beyond it each counts

  bool host_bits_hold(const SignatureInfo& info, const Alert& alert);
  void apply_host_bits(const SignatureInfo& info, const Alert& alert);
  static bool counts_again(const Threshold& threshold, const Alert& alert, Window& window);
  bool lets_through(const Threshold& threshold, const SignatureInfo& info, const Alert& alert);
  Window* window(const Digest128& key, const Threshold& threshold, Time now, bool& fresh);
  void make_room(Time now);

  std::unordered_map<Digest128, Window> windows_;
  std::unordered_map<Digest128, Time> host_bits_;  // until when set
  Time swept_{};
  std::atomic<std::uint64_t> held_back_{0};  // status asks on its own thread
  std::uint64_t evicted_ = 0;
};

}  // namespace tocsin::rules::signature
