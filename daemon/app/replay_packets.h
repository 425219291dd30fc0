#pragma once
// A capture file as input of a replay.

#include <memory>
#include <string>
#include <vector>

#include "collectors/packet/capture/file.h"
#include "collectors/packet/capture/filter.h"
#include "daemon/app/replay.h"

namespace tocsin::daemon {

class PacketInput final : public ReplayInput {
 public:
  static constexpr std::size_t frames_of_round = 1024;
  static constexpr std::size_t bytes_of_round = 4U << 20;

  PacketInput(collectors::CaptureFile file, std::optional<collectors::FrameFilter> filter, const LaneContext& context,
              const collectors::PacketOptions& options, WorkerPool& pool, std::vector<ActiveRules>& active);

  Time at() const override { return at_; }
  Result<bool> round(std::vector<EventBatch>& events, std::vector<rules::Alert>& alerts) override;
  std::vector<EveRecord> take_eve() override;
  std::vector<KeptFile> take_files() override;
  std::vector<TakenEvidence> take_evidence() override;
  std::uint64_t bytes_read() const override { return file_.status().bytes; }
  void summarize(ReplaySummary& summary) const override;

 private:
  struct Kept {
    collectors::RawFrame frame;
    std::size_t offset = 0;
    std::size_t worker = 0;
  };
  Result<bool> fill();
  void remark(ReplaySummary& summary) const;

  collectors::CaptureFile file_;
  std::optional<collectors::FrameFilter> filter_;
  WorkerPool& pool_;
  std::vector<std::unique_ptr<PacketLane>> lanes_;
  std::vector<Kept> kept_;
  std::vector<std::uint8_t> bytes_;
  Time at_ = Time::min();
  std::string name_;
};

}  // namespace tocsin::daemon
