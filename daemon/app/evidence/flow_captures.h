#pragma once
// Packets as evidence, on one worker's side: keeps its latest frames, and when something alerts on a flow, takes what
// the flow sent before it and for a while after it. What an alert is worth is decided later (thresholds, incidents);
// here its packets only are saved from being overwritten. First observer of its worker and the sink of its detectors;
// one thread; a packet costs one copy.

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/packet/capture/pcapng.h"
#include "collectors/packet/capture/recent.h"
#include "collectors/packet/observer.h"
#include "daemon/app/evidence/taken.h"
#include "rules/detector.h"

namespace tocsin::daemon {

struct FlowCaptureOptions {
  std::size_t memory = 32U << 20;        // of the latest frames, per worker; 0: none are kept
  std::uint64_t before_most = 1U << 20;  // bytes of a flow from before its alert
  std::uint64_t after_most = 256U << 10;
  Duration after = std::chrono::seconds{10};
  std::string interface;  // where the frames come from
};

struct FlowCaptureCounters {
  std::uint64_t taken = 0;         // captures handed on
  std::uint64_t cut_short = 0;     // the wait for later packets was given up: too many captures at once
  std::uint64_t overwritten = 0;   // what came before the alert was gone in part
  std::uint64_t dropped = 0;       // finished ones that nobody fetched in time
  std::uint64_t without_flow = 0;  // alerts whose packets could not be told
};

class FlowCaptures final : public collectors::Observer, public rules::AlertSink {
 public:
  static constexpr std::size_t open_most = 256;
  static constexpr std::size_t alerts_most = 64;
  static constexpr std::uint64_t open_bytes_most = 64U << 20;
  static constexpr std::uint64_t finished_bytes_most = 64U << 20;

  // `alerts` outlives this; what is raised here goes on to it.
  FlowCaptures(FlowCaptureOptions options, rules::AlertSink& alerts);

  // Before the worker processes the frame.
  void take(const collectors::RawFrame& frame) { latest_ = recent_.push(frame); }
  const collectors::RecentFrames& recent() const noexcept { return recent_; }
  // Finished captures.
  std::vector<TakenEvidence> take_finished();
  // No more frames: what is open is finished as it is.
  void finish();
  const FlowCaptureCounters& counters() const noexcept { return counters_; }

  void raise(rules::Alert alert) override;
  void on_flow_start(collectors::Flow& flow, const collectors::Packet&) override { current_ = &flow; }
  void on_packet(const collectors::Packet& packet) override;
  void on_stream(const collectors::StreamChunk& chunk) override { current_ = &chunk.flow; }
  void on_transaction(const collectors::TransactionUpdate& update) override { current_ = &update.flow; }
  void on_transaction_end(const collectors::TransactionUpdate& update) override { current_ = &update.flow; }
  void on_file(const collectors::FileChunk& chunk) override { current_ = &chunk.flow; }
  void on_quiet(collectors::Flow& flow) override { current_ = &flow; }
  void on_flow_end(collectors::Flow& flow, collectors::FlowEnd) override;
  void on_time(Time now) override;

 private:
  struct Open {
    TakenEvidence capture;
    collectors::PcapngWriter writer{""};
    std::uint32_t link_type = 0;
    std::uint32_t interface = 0;
    bool begun = false;  // has an interface
    std::uint64_t before_bytes = 0;
    std::uint64_t after_bytes = 0;
    Time until{};
    std::uint64_t noted_packet = 0;  // whose comment is `note`
    std::string note;
  };
  using OpenCaptures = std::unordered_map<std::uint64_t, Open>;  // by flow

  struct Fragment {
    std::uint64_t position = 0;
    std::uint64_t hosts = 0;
  };

  void link_fragments(const collectors::Packet& packet);
  Open& open(const collectors::Flow& flow, const rules::Alert& alert);
  void take_before(Open& capture, std::uint64_t last);
  void add(Open& capture, const collectors::RecentFrames::Frame& frame);
  void close(OpenCaptures::iterator entry);
  void make_room();

  const FlowCaptureOptions options_;
  rules::AlertSink& alerts_;
  collectors::RecentFrames recent_;
  std::uint64_t latest_ = 0;             // the frame at hand
  collectors::Flow* current_ = nullptr;  // that something happens to; valid while it does
  OpenCaptures open_;
  std::uint64_t open_bytes_ = 0;
  std::vector<TakenEvidence> finished_;
  std::uint64_t finished_bytes_ = 0;
  std::array<Fragment, 256> fragments_{};
  std::size_t next_fragment_ = 0;
  std::vector<std::uint64_t> chain_;  // scratch
  FlowCaptureCounters counters_;
};

}  // namespace tocsin::daemon
