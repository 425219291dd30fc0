#pragma once
// YARA over traffic: files that protocols carry, and the first bytes of each TCP direction. One per worker.

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "collectors/packet/observer.h"
#include "rules/detector.h"
#include "rules/yara/scanner.h"

namespace tocsin::rules::yara {

class Traffic final : public collectors::Observer {
 public:
  Traffic(Scanner& scanner, const CompiledRules& rules, const YaraOptions& options, ScanCounters& counters,
          const WorkerContext& context, AlertSink& sink);
  ~Traffic() override;

  void on_stream(const collectors::StreamChunk& chunk) override;
  void on_file(const collectors::FileChunk& chunk) override;
  void on_flow_end(collectors::Flow& flow, collectors::FlowEnd end) override;

 private:
  struct Pending;
  struct FlowState;
  using Waiting = std::list<Pending>;
  struct Kept;

  FlowState& state(collectors::Flow& flow);
  Pending& pending(FlowState& flow_state, std::uint32_t key, collectors::Direction direction);
  void append(Pending& pending, Bytes bytes, std::size_t depth, const collectors::Packet* packet);
  void scan(Pending& pending);
  void keep_within_cap();
  void raise(Pending& pending, const Hit& hit, const Sha256& digest);

  Scanner& scanner_;
  const CompiledRules& rules_;
  const YaraOptions& options_;
  ScanCounters& counters_;
  const std::string host_;
  const Exercise exercise_;
  AlertSink& sink_;
  std::shared_ptr<Kept> kept_;  // shared with the flows' states, which may outlive this
};

}  // namespace tocsin::rules::yara
