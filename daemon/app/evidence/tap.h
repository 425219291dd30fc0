#pragma once
// All that one packet worker takes for the vault. Stands before its engines: their alerts and what they ask for come
// here first. One thread.

#include <optional>
#include <vector>

#include "daemon/app/evidence/flow_captures.h"
#include "daemon/app/evidence/flow_files.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {

struct EvidenceTapOptions {
  FlowCaptureOptions packets;
  FlowFilesOptions files;
};
EvidenceTapOptions tap_options(const EvidenceConfig& config, std::string interface);

// Since the start.
struct EvidenceShortfall {
  std::uint64_t incomplete = 0;  // captures and files handed on that are not whole: memory was too small for them
  std::uint64_t dropped = 0;     // captures that nobody fetched in time
};

class EvidenceTap {
 public:
  // Both given outlive this; `annotator` may be null.
  EvidenceTap(const EvidenceTapOptions& options, rules::AlertSink& alerts, rules::AlertAnnotator* annotator);

  // Before the engines, in this order.
  std::vector<collectors::Observer*> observers();
  // For the engines.
  rules::AlertSink& sink() noexcept { return files_; }
  rules::AlertAnnotator& annotator() noexcept { return files_; }

  // Before the worker processes the frame.
  void take(const collectors::RawFrame& frame) {
    if (packets_) packets_->take(frame);
  }
  // Null: no frames are held.
  const collectors::RecentFrames* recent() const noexcept { return packets_ ? &packets_->recent() : nullptr; }
  std::vector<TakenEvidence> take_finished();
  // No more frames.
  void finish();
  EvidenceShortfall shortfall() const noexcept;

 private:
  std::optional<FlowCaptures> packets_;
  FlowFiles files_;
};

}  // namespace tocsin::daemon
