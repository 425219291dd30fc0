#include "daemon/app/replay_packets.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace tocsin::daemon {

PacketInput::PacketInput(collectors::CaptureFile file, std::optional<collectors::FrameFilter> filter,
                         const LaneContext& context, const collectors::PacketOptions& options, WorkerPool& pool,
                         std::vector<ActiveRules>& active)
    : file_(std::move(file)), filter_(std::move(filter)), pool_(pool), name_(options.source) {
  for (std::size_t i = 0; i < pool.size(); ++i) {
    LaneContext own = context;
    own.worker = i;
    own.workers = pool.size();
    lanes_.push_back(std::make_unique<PacketLane>(own, options, active));
  }
  kept_.reserve(frames_of_round);
}

Result<bool> PacketInput::fill() {
  kept_.clear();
  bytes_.clear();
  while (kept_.size() < frames_of_round && bytes_.size() < bytes_of_round) {
    Kept kept;
    TOCSIN_TRY(const bool more, file_.next(kept.frame));
    if (!more) return false;
    if (filter_ && !filter_->passes(kept.frame)) continue;
    kept.offset = bytes_.size();
    kept.worker = lanes_.size() == 1 ? 0 : collectors::worker_of(kept.frame, lanes_.size());
    bytes_.insert(bytes_.end(), kept.frame.bytes.begin(), kept.frame.bytes.end());
    at_ = std::max(at_, kept.frame.time);
    kept_.push_back(kept);
  }
  return true;
}

Result<bool> PacketInput::round(std::vector<EventBatch>& events, std::vector<rules::Alert>& alerts) {
  TOCSIN_TRY(const bool more, fill());
  // The buffer no longer moves: point each frame at its copy.
  for (auto& kept : kept_) kept.frame.bytes = Bytes(bytes_).subspan(kept.offset, kept.frame.bytes.size());
  pool_.run([&](std::size_t worker) {
    auto& lane = *lanes_[worker];
    for (const auto& kept : kept_)
      if (kept.worker == worker) lane.process(kept.frame);
    // Every worker hears how far the capture is, so that time-outs do not depend on how flows were spread.
    if (!kept_.empty()) lane.worker().advance(at_);
    if (!more) lane.finish();
  });
  for (auto& lane : lanes_) {
    for (auto& batch : lane->take_records()) events.push_back(std::move(batch));
    for (auto& alert : lane->take_alerts()) alerts.push_back(std::move(alert));
  }
  return more;
}

std::vector<EveRecord> PacketInput::take_eve() {
  std::vector<EveRecord> out;
  for (auto& lane : lanes_)
    for (auto& record : lane->take_eve()) out.push_back(std::move(record));
  return out;
}

std::vector<KeptFile> PacketInput::take_files() {
  std::vector<KeptFile> out;
  for (auto& lane : lanes_)
    for (auto& file : lane->take_files()) out.push_back(std::move(file));
  return out;
}

std::vector<TakenEvidence> PacketInput::take_evidence() {
  std::vector<TakenEvidence> out;
  for (auto& lane : lanes_)
    for (auto& capture : lane->take_evidence()) out.push_back(std::move(capture));
  std::ranges::sort(out, [](const TakenEvidence& a, const TakenEvidence& b) {
    return std::tie(a.first, a.name, a.bytes) < std::tie(b.first, b.name, b.bytes);
  });
  return out;
}

void PacketInput::summarize(ReplaySummary& summary) const {
  summary.packets += file_.status().frames;
  summary.packet_bytes += file_.status().bytes;
  for (const auto& lane : lanes_) {
    const auto& counters = lane->worker().counters();
    summary.unreadable += counters.undecodable;
    if (lane->eve() != nullptr) summary.eve.add(lane->eve()->counters(), counters);
  }
  if (at_ != Time::min()) summary.eve.time = std::max(summary.eve.time, at_);
  remark(summary);
}

// What makes "no alerts" mean less than it says.
void PacketInput::remark(ReplaySummary& summary) const {
  const auto frames = file_.status().frames;
  std::uint64_t undecodable = 0;
  for (const auto& lane : lanes_) undecodable += lane->worker().counters().undecodable;
  if (frames == 0 && !file_.status().truncated)
    summary.remarks.push_back(name_ +
                              ": holds no packet; was it recorded on the right interface, with the right filter?");
  else if (frames != 0 && undecodable == frames)
    summary.remarks.push_back(
        fmt::format("{}: none of its {} packets could be decoded; look at its link type (tcpdump -r "
                    "FILE -e -c 3)",
                    name_, frames));
  if (file_.status().truncated) summary.remarks.push_back(name_ + ": " + file_.status().message);
}

}  // namespace tocsin::daemon
