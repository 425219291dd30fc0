#pragma once
// One worker's matcher: takes what the packet floor sees, in its order, and raises alerts. Rules are evaluated once per
// packet after everything the packet caused is known: packet rules, then streams, then transactions, each in the rules'
// order. No lock, no log; memory is allocated for flows, transactions and alerts only.

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "collectors/base/file_magic.h"
#include "collectors/packet/observer.h"
#include "rules/detector.h"
#include "rules/signature/compile/program.h"
#include "rules/signature/match/chain_matcher.h"
#include "rules/signature/match/packet_match.h"
#include "rules/signature/state/flow_state.h"

namespace tocsin::rules::signature {

// Counters of one rule on one worker; written by the worker, read by anyone.
struct RuleCounter {
  std::atomic<std::uint64_t> checks{0};
  std::atomic<std::uint64_t> matches{0};
  std::atomic<std::uint64_t> nanoseconds{0};  // estimated from the checks that a Sampler drew
};
// Draws one check in 64 on average: distances of 1 to 127, from a generator that starts the same each time.
class Sampler {
 public:
  static constexpr std::uint64_t every = 64;

  bool draw() noexcept {
    if (--left_ != 0) return false;
    state_ = state_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    left_ = 1 + (state_ >> 33U) % (2 * every - 1);
    return true;
  }

 private:
  std::uint64_t state_ = 1;
  std::uint64_t left_ = 1;
};
struct WorkerCounters {
  explicit WorkerCounters(std::size_t count) : rules(count) {}
  std::vector<RuleCounter> rules;
  std::atomic<std::uint64_t> alerts_over_cap{0};
  std::atomic<std::uint64_t> matches_limited{0};
};

struct DetectorSettings {
  bool prefilter = true;
  std::size_t alerts_per_packet_most = 15;
};

// The instances of a transaction's buffers, transformed, for one step of one direction.
class TransactionViews {
 public:
  TransactionViews(const Program& program, RegexScratch& scratch) : program_(program), scratch_(scratch) {}
  void start(const collectors::Transaction& transaction, collectors::Direction direction);
  void start(const collectors::Transaction& transaction) { start(transaction, direction_); }
  // Nothing: not there yet, or past the last.
  const BufferView* view(std::uint32_t group, collectors::Direction direction, std::uint32_t index);
  // Nothing more can come for the instances that are there.
  bool settled(std::uint32_t group, collectors::Direction direction) const;
  // Nor will another instance.
  bool last_known(std::uint32_t group, collectors::Direction direction) const;
  bool growing(std::uint32_t group, collectors::Direction direction) const;

 private:
  struct Entry {
    std::uint32_t group;
    std::uint32_t index;
    collectors::Direction direction;
    bool present;
    BufferView view;
  };
  const collectors::BufferRow* row(std::uint32_t group, collectors::Direction direction) const;
  // Nothing: the part that a transform takes is not there.
  std::optional<Bytes> transformed(const BufferGroup& group, Bytes bytes);
  std::optional<Bytes> magic(std::uint32_t group, collectors::Direction direction, std::uint32_t index);

  const Program& program_;
  RegexScratch& scratch_;
  FileMagic magic_;
  const collectors::Transaction* transaction_ = nullptr;
  collectors::Direction direction_ = collectors::Direction::to_server;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::size_t used_ = 0;
  std::vector<std::unique_ptr<std::vector<std::uint8_t>>> storage_;
  std::size_t storage_used_ = 0;
};

class SignatureDetector final : public Detector, public collectors::Observer {
 public:
  SignatureDetector(std::shared_ptr<const Program> program, const WorkerContext& context,
                    const DetectorSettings& settings, std::shared_ptr<WorkerCounters> counters);

  collectors::Observer* observer(AlertSink& sink) override {
    sink_ = &sink;
    return this;
  }

  void recall(const collectors::Flow& flow, FlowRecollection& out) const override;

  void on_packet(const collectors::Packet& packet) override;
  void on_stream(const collectors::StreamChunk& chunk) override;
  void on_transaction(const collectors::TransactionUpdate& update) override;
  void on_file(const collectors::FileChunk& chunk) override;
  void on_flow_end(collectors::Flow& flow, collectors::FlowEnd end) override;
  void on_quiet(collectors::Flow& flow) override;

 private:
  struct Pending {
    Alert alert;
    AlertScene scene;
  };

  FlowMemory& memory_of(collectors::Flow& flow);
  // Rules look at what moved on one side of a flow since they last did.
  void inspect_moved(const Scope& scope);
  void inspect_waiting_stream(const Scope& scope);
  void end_inspection(const Scope& scope);
  TransactionMemory& memory_of(collectors::Transaction& transaction);
  void flush();
  // Sorted and unique numbers of rules to look at.
  void sort_candidates();
  void add_rules(const PatternGroup& group, Bytes bytes);

  // inspect_packet.cpp
  void inspect_packet(const collectors::Packet& packet, Scope& scope);
  void inspect_address_rules(const Scope& scope);
  void collect_packet_rules(const collectors::Packet& packet, const Scope& scope, bool stream_took_it);
  bool packet_rule_matches(const Signature& signature, const Scope& scope, bool stream_took_it);
  void inspect_stream(const Scope& scope);
  void inspect_window(const Scope& scope, StreamWindow& window);
  bool stream_rule_matches(const Signature& signature, const Scope& scope, StreamWindow& window);
  void track_sequence(const collectors::Packet& packet, FlowMemory& memory);

  // inspect_transaction.cpp
  void inspect_transaction(collectors::Transaction& transaction, const Scope& scope);
  void scan_groups(const ProtocolRules& rules, TransactionMemory& memory, const Scope& scope);
  void scan_group(std::uint32_t group, TransactionMemory::GroupProgress& progress, const Scope& scope);
  void inspect_rule(const Signature& signature, TransactionMemory::RuleProgress& progress,
                    collectors::Transaction& transaction, const Scope& scope);
  enum class ChainResult : std::uint8_t { no, yes, never };
  ChainResult match_chain(const Signature& signature, const Chain& chain, const collectors::Transaction& transaction,
                          const Scope& scope);
  ChainResult match_digest(const DigestTest& test, const collectors::Transaction& transaction,
                           const Scope& scope) const;
  ChainResult match_instance(const Chain& chain, const NumberTest& test, NumberSource number, const Scope& scope);
  ChainResult match_payload_chain(const Chain& chain, const Scope& scope);

  // inspect_frame.cpp
  void inspect_frames(const Scope& scope);
  void inspect_frame(const collectors::Frame& frame, const Scope& scope);
  bool frame_rule_matches(const Signature& signature, const Scope& scope);

  // The rule matched in full: marks, then the alert.
  void matched(const Signature& signature, const Scope& scope, collectors::Transaction* transaction);
  // One chain on one view; what it captured or calculated is kept for records.
  bool match_view(const Chain& chain, const BufferView& view, const Scope& scope, const NumberSource& number = {});
  void keep_captured(const Scope& scope);

  class Timed;
  class FrameInspector;

  std::shared_ptr<const Program> program_;
  DetectorSettings settings_;
  std::shared_ptr<WorkerCounters> counters_;
  std::string host_;
  Exercise exercise_;
  const FieldNames& names_;
  AlertSink* sink_ = nullptr;

  ChainMatcher matcher_;
  PatternScratch scratch_;
  TransactionViews views_;
  std::vector<std::uint32_t> patterns_;  // found by a scan
  std::vector<RuleNumber> candidates_;
  std::array<std::vector<std::uint8_t>, 2> transformed_;  // of the frame being looked at
  std::vector<Reason> reasons_;                           // of the rule being evaluated
  std::vector<Pending> alerts_;                           // of the packet at hand
  AlertAnnotator* annotator_;
  bool packet_passed_ = false;
  std::uint64_t passed_frame_ = 0;
  Sampler sampler_;
};

}  // namespace tocsin::rules::signature
