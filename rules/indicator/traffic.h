#pragma once
// What cannot wait for a record: the ends of a flow are looked up with its first packet, since its record comes when it
// is over, and files that protocols carry are hashed as they pass. One per packet worker.

#include <memory>
#include <string>

#include "collectors/packet/observer.h"
#include "rules/detector.h"
#include "rules/indicator/detector.h"

namespace tocsin::rules::indicator {

class Traffic final : public collectors::Observer {
 public:
  static constexpr std::size_t files_most = 64;  // of one flow, followed at a time

  // All given must outlive the observer.
  Traffic(const Compiled& compiled, HitCounters& counters, AlertWindow& window, const WorkerContext& context,
          AlertSink& sink);

  void on_flow_start(collectors::Flow& flow, const collectors::Packet& packet) override;
  void on_file(const collectors::FileChunk& chunk) override;
  void on_flow_end(collectors::Flow& flow, collectors::FlowEnd end) override;

 private:
  struct File;
  struct FlowState;
  // What a flow met, and where.
  struct Met {
    EntryId entry;
    std::string_view field;
    std::string seen;
    std::string file = {};  // its name, where it is about one
    std::string identity = {};
  };

  void look(collectors::Flow& flow, const collectors::Packet& packet, collectors::Direction sender);
  void finish(const collectors::FileChunk& chunk, File& file);
  void raise(const collectors::Flow& flow, const Met& met, collectors::Direction sender, std::uint64_t packet,
             Time when);

  const Compiled& compiled_;
  const IndicatorTable& table_;
  HitCounters& counters_;
  AlertWindow& window_;
  const std::string host_;
  const Exercise exercise_;
  AlertSink& sink_;
  const bool addresses_;
  const bool digests_;
};

}  // namespace tocsin::rules::indicator
