#include "collectors/packet/worker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "collectors/base/assert.h"
#include "collectors/packet/decode/decoder.h"
#include "collectors/packet/defragment/defragmenter.h"
#include "collectors/packet/flow/quiet.h"
#include "collectors/packet/flow/table.h"

namespace tocsin::collectors {

// All stages of one worker, and what connects them.
class PacketWorker::Pipeline final : FlowEndSink, StreamSink, ParserOutput {
 public:
  Pipeline(const PacketOptions& options, FieldNames& names, RecordSink& sink, std::vector<Observer*> observers)
      : options_(options),
        observers_(std::move(observers)),
        decoder_(options_.decode, counters_),
        defragmenter_(options_, counters_),
        pool_(options_.stream.memory_most),
        shelf_(options_, names, counters_),
        recorder_(options_, counters_, sink),
        stream_context_{options_.stream, pool_, counters_, *this},
        flows_(options_.flow, counters_, *this),
        quiet_(options_.quiet_after) {
    TOCSIN_ASSERT(observers_.size() <= Flow::extensions_most);
    for (std::size_t i = 0; i < observers_.size(); ++i) observers_[i]->attached(i);
  }

  void process(const RawFrame& frame) {
    ++counters_.received;
    counters_.received_bytes += frame.wire_length;
    if (frame.bytes.size() < frame.wire_length) ++counters_.truncated;
    move_time(frame.time);
    tell_quiet();
    const Decoded decoded = decoder_.decode(frame, packets_[0]);
    ++(decoded.understood ? counters_.decoded : counters_.undecodable);
    handle(packets_[0], decoded);
  }

  void advance(Time now) {
    move_time(now);
    tell_quiet();
    flows_.expire(now_);
    for (auto* observer : observers_) observer->on_time(now_);
    recorder_.flush();
  }

  void finish() {
    flows_.expire(now_);
    flows_.finish(now_);
    retired_.clear();
    for (auto* observer : observers_) observer->on_time(now_);
    recorder_.flush();
  }

  const PacketCounters& counters() const noexcept { return counters_; }
  Time next_due() const noexcept { return quiet_.next_due(); }

 private:
  static constexpr Duration expiry_interval = std::chrono::seconds(1);
  static constexpr std::uint64_t packets_to_judge = 8;

  // What the flow's streams brought and rules still wait to see more of.
  void tell_quiet() {
    while (FlowEntry* const flow = quiet_.take_due(now_)) {
      flow_ = flow;
      for (auto* observer : observers_) observer->on_quiet(*flow);
      flow_ = nullptr;
      release(flow);
    }
  }

  void move_time(Time time) {
    if (time <= now_ && now_ != Time{}) return;
    now_ = std::max(now_, time);
    if (now_ - expired_ < expiry_interval) return;
    expired_ = now_;
    flows_.expire(now_);
    defragmenter_.expire(now_);
  }

  // One packet, then what it carries or completes, as deep as tunnels may be nested. Ends: a datagram made whole is no
  // fragment, and each inner packet is one level deeper.
  void handle(Packet& outer, Decoded decoded) {
    Packet* packet = &outer;
    for (std::size_t next = 1;; next = 3 - next) {
      std::optional<Bytes> datagram;
      if (packet->is_fragment) datagram = defragmenter_.add(*packet, decoded.fragment);
      one(*packet);
      Packet& following = packets_[next];
      if (datagram) {
        decoded = decoder_.decode_datagram(*packet, *datagram, following);
      } else if (decoded.inner) {
        if (packet->tunnel_depth >= options_.decode.tunnel_depth_most) {
          ++counters_.tunnels_too_deep;
          return;
        }
        ++counters_.inner;
        decoded = decoder_.decode_inner(*packet, decoded.inner, following);
      } else {
        return;
      }
      packet = &following;
    }
  }

  void one(Packet& packet) {
    if (packet.checksum_bad) ++counters_.checksum_bad;
    current_ = &packet;
    const auto found = flows_.find(packet);
    if (found.flow != nullptr) in_flow(packet, *found.flow, found.fresh);
    for (auto* observer : observers_) observer->on_packet(packet);
    release(found.flow);
    current_ = nullptr;
  }

  // Finished transactions go, but for those that an observer holds.
  void release(FlowEntry* flow) {
    if (flow != nullptr && !flow->held.empty())
      std::erase_if(flow->held, [](const auto& transaction) { return transaction->holds == 0; });
    if (flow != nullptr)
      for (auto& transaction : retired_)
        if (transaction->holds != 0) flow->held.push_back(std::move(transaction));
    retired_.clear();
  }

  void in_flow(Packet& packet, FlowEntry& flow, bool fresh) {
    flow_ = &flow;
    if (fresh)
      for (auto* observer : observers_) observer->on_flow_start(flow, packet);
    if (flow.bypassed) {
      flows_.touch(flow, packet);
      flow_ = nullptr;
      return;
    }
    if (packet.is_tcp()) {
      if (flow.session == nullptr)
        flow.session = std::make_unique<TcpSession>(policy_for(options_.host_policies, flow.server.address),
                                                    policy_for(options_.host_policies, flow.client.address));
      flow.session->process(packet, flow, stream_context_);
      if (flow.conversation.wants_turn()) turn(packet, flow);
      if (flow.conversation.encrypted()) stop_inspection(flow);
      if (flow.inspection_over) flow.bypassed = flow.bypassed || bypass_wanted(flow);
      counters_.stream_memory = pool_.memory();
    } else if (packet.is_udp()) {
      flow.conversation.datagram(flow, packet.direction, packet.payload, packet.time, shelf_, *this);
    }
    flow.events |= packet.events;
    flows_.touch(flow, packet);
    if (packet.is_tcp() && flow.client.packets + flow.server.packets == packets_to_judge) judge_sides(flow);
    flow_ = nullptr;
  }

  // By now a receiver has acknowledged something, if its packets come here at all.
  void judge_sides(const FlowEntry& flow) noexcept {
    ++counters_.tcp_flows_judged;
    if (flow.client.packets == 0 || flow.server.packets == 0) ++counters_.tcp_flows_one_sided;
  }

  // Past depth when asked for, past the beginning of encryption where the protocol's options say so.
  bool bypass_wanted(const FlowEntry& flow) const noexcept {
    if (!flow.conversation.encrypted()) return options_.stream.bypass;
    return flow.protocol == Protocol::tls   ? options_.tls.bypass_when_encrypted
           : flow.protocol == Protocol::ssh ? options_.ssh.bypass_when_encrypted
                                            : false;
  }

  // A connection taken up in the middle, and its first bytes are a server's.
  void turn(Packet& packet, FlowEntry& flow) {
    std::swap(flow.client, flow.server);
    flow.session->turn();
    packet.direction = opposite(packet.direction);
    flow.conversation.turn(flow, packet.time, shelf_, *this);
  }

  void stop_inspection(FlowEntry& flow) {
    if (flow.inspection_over) return;
    flow.inspection_over = true;
    for (const auto direction : {Direction::to_server, Direction::to_client})
      flow.session->stop(direction, stream_context_);
  }

  // StreamSink
  void stream_data(const StreamChunk& chunk) override {
    if (chunk.gap != 0 && current_ != nullptr) mark(*current_, PacketEvent::stream_gap);
    for (auto* observer : observers_) observer->on_stream(chunk);
    auto& flow = static_cast<FlowEntry&>(chunk.flow);
    if (chunk.end || !flow.session->behind_hole(chunk.direction)) flow.conversation.stream(chunk, now(), shelf_, *this);
    if (options_.quiet_after > Duration{} && !flow.bypassed) quiet_.add(flow, now());
  }

  // ParserOutput
  void progressed(Transaction& transaction, Direction direction) override {
    // A connection of HTTP/2 becomes DNS over HTTP/2 with the first name that is asked for.
    if (transaction.protocol == Protocol::doh2 && flow_->protocol == Protocol::http2)
      flow_->protocol = flow_->protocol_by_direction[0] = flow_->protocol_by_direction[1] = Protocol::doh2;
    const TransactionUpdate update{*flow_, transaction, direction, current_};
    for (auto* observer : observers_) observer->on_transaction(update);
  }
  void file(Transaction* transaction, Direction direction, const FilePart& part) override {
    const FileChunk chunk{*flow_,     transaction, direction, part.id,        part.name, part.offset,
                          part.bytes, part.gap,    part.end,  part.truncated, current_};
    for (auto* observer : observers_) observer->on_file(chunk);
  }
  void finished(std::unique_ptr<Transaction> transaction) override {
    ++counters_.transactions;
    ++flow_->transactions;
    recorder_.transaction(*flow_, *transaction, now());
    const TransactionUpdate update{*flow_, *transaction, Direction::to_server, current_};
    for (auto* observer : observers_) observer->on_transaction_end(update);
    retired_.push_back(std::move(transaction));
  }
  void expect(ExpectedFlow flow) override { shelf_.expect(std::move(flow), now()); }
  void event(PacketEvent event) override {
    flow_->events.set(static_cast<std::size_t>(event));
    if (current_ != nullptr) mark(*current_, event);
  }

  // FlowEndSink. May come while another flow's packet is at hand (eviction, a reused port).
  void flow_ended(FlowEntry& flow, FlowEnd why, Time) override {
    FlowEntry* const outer_flow = std::exchange(flow_, &flow);
    Packet* const outer_packet = std::exchange(current_, nullptr);
    if (flow.session != nullptr && !flow.bypassed) flow.session->finish(flow, nullptr, stream_context_);
    counters_.stream_memory = pool_.memory();
    flow.conversation.finish(flow, *this);
    for (auto* observer : observers_) observer->on_flow_end(flow, why);
    recorder_.flow_ended(flow, why);
    flow_ = outer_flow;
    current_ = outer_packet;
    flow.quiet_since = Time{};
    if (current_ == nullptr) retired_.clear();
  }

  // Of the packet at hand; of the flow's last packet when its end is what happens, so that records do not depend on
  // when a time-out was noticed.
  Time now() const noexcept { return current_ != nullptr ? current_->time : flow_ != nullptr ? flow_->last : now_; }

  const PacketOptions options_;
  const std::vector<Observer*> observers_;
  PacketCounters counters_;
  Decoder decoder_;
  Defragmenter defragmenter_;
  SegmentPool pool_;
  ProtocolShelf shelf_;
  Recorder recorder_;
  StreamContext stream_context_;
  FlowTable flows_;
  std::array<Packet, 3> packets_;  // the frame, and two that take turns for what tunnels carry
  std::vector<std::unique_ptr<Transaction>> retired_;
  FlowEntry* flow_ = nullptr;
  Packet* current_ = nullptr;
  QuietFlows quiet_;
  Time now_{};
  Time expired_{};
};

PacketWorker::PacketWorker(const PacketOptions& options, FieldNames& names, RecordSink& sink,
                           std::vector<Observer*> observers)
    : pipeline_(std::make_unique<Pipeline>(options, names, sink, std::move(observers))) {}
PacketWorker::~PacketWorker() = default;
PacketWorker::PacketWorker(PacketWorker&&) noexcept = default;
PacketWorker& PacketWorker::operator=(PacketWorker&&) noexcept = default;

void PacketWorker::process(const RawFrame& frame) { pipeline_->process(frame); }
void PacketWorker::advance(Time now) { pipeline_->advance(now); }
Time PacketWorker::next_due() const noexcept { return pipeline_->next_due(); }
void PacketWorker::finish() { pipeline_->finish(); }
const PacketCounters& PacketWorker::counters() const noexcept { return pipeline_->counters(); }

}  // namespace tocsin::collectors
