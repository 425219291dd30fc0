#include "collectors/packet/stream/session.h"

#include <algorithm>
#include <utility>

#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {
namespace {

// Bytes of one direction that are followed; 0: all.
std::uint64_t depth_of(const StreamOptions& options, Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::smb: return options.smb_depth;
    case Protocol::modbus: return options.modbus_depth;
    case Protocol::pgsql: return options.pgsql_depth;
    default: return options.depth;
  }
}

}  // namespace

std::string_view tcp_state_name(TcpState state) noexcept {
  static constexpr std::array<std::string_view, 11> names{"none",       "syn_sent",  "syn_recv",  "established",
                                                          "fin_wait1",  "fin_wait2", "time_wait", "last_ack",
                                                          "close_wait", "closing",   "closed"};
  return names[static_cast<std::size_t>(state)];
}

void TcpSession::set_state(Flow& flow, TcpState state) noexcept {
  state_ = state;
  flow.tcp_state = tcp_state_name(state);
  switch (state) {
    case TcpState::none:
    case TcpState::syn_sent:
    case TcpState::syn_received: flow.state = FlowState::fresh; break;
    case TcpState::established:
    case TcpState::fin_wait1:
    case TcpState::fin_wait2:
    case TcpState::closing:
    case TcpState::close_wait: flow.state = FlowState::established; break;
    case TcpState::last_ack:
    case TcpState::time_wait:
    case TcpState::closed: flow.state = FlowState::closed; break;
  }
}

void TcpSession::process(Packet& packet, Flow& flow, StreamContext& context) {
  if (packet.checksum_bad) return;
  Step step{packet, flow, context, side_[index(packet.direction)], side_[index(opposite(packet.direction))]};
  note_oddities(step);
  if (state_ == TcpState::none && !open(step)) {
    ++context.counters.packets_no_session;
    return;
  }
  if ((packet.tcp.flags & tcp_flag::rst) != 0) return reset(step);
  if (state_ == TcpState::syn_sent || state_ == TcpState::syn_received) {
    if (!handshake(step)) return;
  } else if ((packet.tcp.flags & tcp_flag::syn) != 0) {
    return;
  }
  transfer(step);
}

namespace {

void apply_midstream_policy(Flow& flow, ExceptionPolicy policy) noexcept {
  flow.midstream_policy = policy;
  if (policy == ExceptionPolicy::pass_flow) flow.passed = true;
  if (policy == ExceptionPolicy::bypass) flow.bypassed = true;
}

}  // namespace

// The first packet of a connection, or one in the middle when those are wanted.
bool TcpSession::open(Step& step) {
  const auto& tcp = step.packet.tcp;
  const bool syn = (tcp.flags & tcp_flag::syn) != 0;
  const bool ack = (tcp.flags & tcp_flag::ack) != 0;
  if ((tcp.flags & tcp_flag::rst) != 0) return false;
  if (syn && !ack) {
    if ((tcp.flags & tcp_flag::fin) != 0) return false;
    step.mine.begin(tcp.sequence + 1);
    step.mine.window_scale = tcp.window_scale.value_or(0);
    step.mine.note_timestamp(tcp);
    set_state(step.flow, TcpState::syn_sent);
    ++step.context.counters.sessions;
    return true;
  }
  if (!ack || (step.packet.payload.empty() && (tcp.flags & tcp_flag::fin) != 0)) return false;
  if (!step.flow.midstream_policy) apply_midstream_policy(step.flow, step.context.options.midstream_policy);
  if (step.flow.bypassed || (!step.context.options.midstream && !step.context.options.async_one_side)) return false;
  take_up_midstream(step);
  return true;
}

void TcpSession::take_up_midstream(Step& step) {
  const auto& tcp = step.packet.tcp;
  const bool syn = (tcp.flags & tcp_flag::syn) != 0;
  // Scales are not known without a handshake: the largest keeps everything within the window.
  step.mine.window_scale = step.other.window_scale = 14;
  if (tcp.window_scale) step.mine.window_scale = *tcp.window_scale;
  step.mine.begin(syn ? tcp.sequence + 1 : tcp.sequence);
  step.other.begin(tcp.acknowledgement);
  async_ = step.context.options.async_one_side && !syn;
  async_sender_ = step.packet.direction;
  step.flow.midstream = true;
  ++step.context.counters.sessions;
  ++step.context.counters.session_midstream;
  set_state(step.flow, syn ? TcpState::syn_received : TcpState::established);
}

namespace {

// A reset under a signature (RFC 2385, RFC 5925) that cannot be checked here: its receiver most likely throws it away.
bool has_signature(Bytes header) noexcept {
  for (std::size_t at = 20; at < header.size();) {
    if (header[at] == 0) return false;
    if (header[at] == 19 || header[at] == 29) return true;
    if (header[at] == 1) ++at;
    else if (at + 1 < header.size() && header[at + 1] >= 2) at += header[at + 1];
    else return false;
  }
  return false;
}

}  // namespace

// Whether the other endpoint would take this reset. One it ignores must not blind us to what follows.
bool TcpSession::reset_holds(Step& step) const {
  const auto& tcp = step.packet.tcp;
  if (has_signature(step.packet.transport)) {
    mark(step.packet, PacketEvent::stream_reset_with_signature);
    return false;
  }
  if (tcp.timestamps && step.other.timestamp && tcp.timestamps->second != 0) {
    const auto ahead = static_cast<std::int32_t>(tcp.timestamps->second - *step.other.timestamp);
    if (ahead > 0 || (state_ == TcpState::syn_sent && ahead != 0)) {
      mark(step.packet, PacketEvent::stream_invalid_timestamp);
      return false;
    }
  }
  if (tcp.timestamps && step.mine.timestamp &&
      static_cast<std::int32_t>(tcp.timestamps->first - *step.mine.timestamp) < 0) {
    mark(step.packet, PacketEvent::stream_invalid_timestamp);
    return false;
  }
  if (!reset_in_place(step)) {
    mark(step.packet, PacketEvent::stream_reset_invalid);
    return false;
  }
  return true;
}

// Where the receiver expects one.
bool TcpSession::reset_in_place(Step& step) const {
  const auto& tcp = step.packet.tcp;
  if (state_ == TcpState::syn_sent) {
    // RFC 9293, section 3.10.7.3: a refusal acknowledges the SYN. The client's own reset names the SYN's number.
    if (step.packet.direction == Direction::to_server) return tcp.sequence + 1 == step.mine.base;
    if ((tcp.flags & tcp_flag::ack) == 0 || !step.other.begun) return false;
    const auto offset = step.other.offset_of(tcp.acknowledgement);
    return offset >= 0 && offset <= static_cast<std::int64_t>(step.other.highest);
  }
  if (!step.mine.begun) return true;
  const auto offset = step.mine.offset_of(tcp.sequence);
  const auto low = static_cast<std::int64_t>(step.mine.acknowledged) - 1;
  const auto high = static_cast<std::int64_t>(std::max(step.mine.highest, step.mine.window_end)) + 1;
  return offset >= low && offset <= high;
}

void TcpSession::reset(Step& step) {
  step.mine.reset = true;
  if (!reset_holds(step)) return;
  // What the receiver had not acknowledged it may have taken or not: that is looked at when the flow ends.
  acknowledge(step);
  set_state(step.flow, TcpState::closed);
  deliver(step.other, opposite(step.packet.direction), step.other.acknowledged, step.flow, &step.packet, step.context);
  deliver(step.mine, step.packet.direction, step.mine.acknowledged, step.flow, &step.packet, step.context);
  for (const auto sender : {Direction::to_server, Direction::to_client}) {
    Side& side = side_[index(sender)];
    if (side.begun && side.segments.empty()) end(side, sender, step.flow, &step.packet, step.context);
  }
}

bool TcpSession::in_window(Step& step, std::int64_t begin, std::int64_t end) const {
  if (step.mine.window_end == 0 || async_) return true;
  const auto limit = static_cast<std::int64_t>(step.mine.window_end);
  // One byte past the window is a keep-alive or a window probe and harmless.
  return end <= limit + 1 && begin <= limit;
}

void TcpSession::transfer(Step& step) {
  Packet& packet = step.packet;
  const bool syn = (packet.tcp.flags & tcp_flag::syn) != 0;
  const Bytes payload = packet.payload;
  const auto begin = step.mine.offset_of(packet.tcp.sequence + (syn ? 1U : 0U));
  const auto end = begin + static_cast<std::int64_t>(payload.size());
  if (!step.mine.begun) return;
  if (!payload.empty() && !in_window(step, begin, end)) {
    mark(packet, PacketEvent::stream_out_of_window);
    ++step.context.counters.packets_out_of_window;
    return;
  }
  step.mine.note_timestamp(packet.tcp);
  acknowledge(step);
  if (!payload.empty()) store(step, begin, payload);
  if ((packet.tcp.flags & tcp_flag::fin) != 0 && end >= 0 && !step.mine.fin) {
    const auto finish_at = static_cast<std::uint64_t>(end);
    if (finish_at >= step.mine.acknowledged) step.mine.fin = std::max(finish_at, step.mine.highest);
    step.mine.seen = std::max(step.mine.seen, finish_at);
  }
  const Direction sender = packet.direction;
  if (async_ && sender != async_sender_) async_ = false;  // the other side is there after all
  if (async_) {
    // Nobody is seen to acknowledge.
    step.mine.acknowledged = std::max(step.mine.acknowledged, step.mine.highest);
    deliver(step.mine, sender, step.mine.acknowledged, step.flow, &packet, step.context);
  } else {
    deliver(step.other, opposite(sender), step.other.acknowledged, step.flow, &packet, step.context);
  }
  advance_state(step);
}

void TcpSession::note_urgent(Step& step, std::int64_t begin, Bytes payload) const {
  static constexpr std::size_t most = 64;
  const auto& tcp = step.packet.tcp;
  if (tcp.urgent == 0 || tcp.urgent > payload.size()) return;
  const auto at = begin + tcp.urgent - 1;
  auto& list = step.mine.urgent.make().left_out;
  if (at >= 0 && list.size() >= most) return mark(step.packet, PacketEvent::stream_urgent_limit);
  if (at < 0) return;
  const auto place = std::ranges::lower_bound(list, static_cast<std::uint64_t>(at));
  if (place == list.end() || *place != static_cast<std::uint64_t>(at))
    list.insert(place, static_cast<std::uint64_t>(at));
}

void TcpSession::store(Step& step, std::int64_t begin, Bytes payload) {
  Side& mine = step.mine;
  const auto urgent = step.context.options.urgent_policy;
  if (urgent != UrgentPolicy::inline_ && (step.packet.tcp.flags & tcp_flag::urg) != 0) {
    if (urgent == UrgentPolicy::drop) return;
    note_urgent(step, begin, payload);
  }
  if (begin < 0) {
    mark(step.packet, PacketEvent::stream_segment_before_base);
    if (static_cast<std::uint64_t>(-begin) >= payload.size()) return;
    payload = payload.subspan(static_cast<std::size_t>(-begin));
    begin = 0;
  }
  auto offset = static_cast<std::uint64_t>(begin);
  std::uint64_t end = offset + payload.size();
  if (end <= mine.highest && end <= mine.next) mark(step.packet, PacketEvent::stream_retransmission);
  if (mine.fin && end > *mine.fin) {
    if (offset >= *mine.fin) return;
    end = *mine.fin;
    payload = payload.first(end - offset);
  }
  const std::uint64_t depth = depth_of(step.context.options, step.flow.protocol);
  const bool passes_depth = depth != 0 && mine.highest <= depth && end > depth;
  mine.highest = std::max(mine.highest, end);
  mine.seen = std::max(mine.seen, end);
  if (mine.ended || mine.stopped) return;
  if (passes_depth) mark(step.packet, PacketEvent::stream_depth_reached);
  if (offset < mine.next) {
    if (end <= mine.next) return;
    payload = payload.subspan(mine.next - offset);
    offset = mine.next;
  }
  const auto& options = step.context.options;
  if (depth != 0) {
    if (offset >= depth) return;
    payload = payload.first(std::min<std::uint64_t>(payload.size(), depth - offset));
  }
  if (mine.segments.size() >= options.segments_most) {
    ++step.context.counters.stream_segments_refused;
    return mark(step.packet, PacketEvent::stream_insert_limit);
  }
  const auto outcome = insert_segment(mine.segments, step.context.pool, offset, payload, mine.policy);
  if (outcome.overlap) {
    ++step.context.counters.stream_overlaps;
    mark(step.packet, PacketEvent::stream_overlap);
  }
  if (outcome.different) mark(step.packet, PacketEvent::stream_overlap_different_data);
  if (outcome.refused) {
    ++step.context.counters.stream_memory_refused;
    mark(step.packet, PacketEvent::stream_reassembly_memory);
    mark(step.packet, PacketEvent::stream_insert_memcap);
  }
}

void TcpSession::acknowledge(Step& step) {
  const auto& tcp = step.packet.tcp;
  if ((tcp.flags & tcp_flag::ack) == 0 || !step.other.begun) return;
  const auto offset = step.other.offset_of(tcp.acknowledgement);
  if (offset < 0) return;
  auto up_to = static_cast<std::uint64_t>(offset);
  // Bytes may be acknowledged that the capture lost, but not more than the receiver had offered room for.
  const std::uint64_t most = std::max(step.other.highest + 1, step.other.window_end + 1);
  if (up_to > most && step.other.window_end != 0) return;
  if (step.other.fin) up_to = std::min(up_to, *step.other.fin);
  else if (up_to == step.other.highest + 1) up_to = step.other.highest;  // the FIN itself, when it was not seen
  step.other.acknowledged = std::max(step.other.acknowledged, up_to);
  step.other.highest = std::max(step.other.highest, up_to);
  const std::uint64_t window = std::uint64_t{tcp.window}
                               << ((tcp.flags & tcp_flag::syn) != 0 ? 0 : step.mine.window_scale);
  step.other.window_end = std::max(step.other.window_end, static_cast<std::uint64_t>(offset) + window);
}

void TcpSession::advance_state(Step& step) {
  const bool fin = (step.packet.tcp.flags & tcp_flag::fin) != 0;
  const bool from_client = step.packet.direction == Direction::to_server;
  const Side& client = side_[index(Direction::to_server)];
  const Side& server = side_[index(Direction::to_client)];
  if (state_ == TcpState::none || state_ == TcpState::closed) return;
  if (state_ == TcpState::syn_received && !client.fin && !server.fin) return;
  const auto all_acknowledged = [](const Side& side) { return side.fin && side.acknowledged >= *side.fin; };
  if (client.fin && server.fin) {
    if (all_acknowledged(client) && all_acknowledged(server) && !fin) {
      set_state(step.flow, TcpState::closed);
      return finish(step.flow, &step.packet, step.context);
    }
    if (fin)
      set_state(step.flow, state_ == TcpState::fin_wait1   ? TcpState::closing
                           : state_ == TcpState::fin_wait2 ? TcpState::time_wait
                                                           : TcpState::last_ack);
    return;
  }
  if (!client.fin && !server.fin) return;
  // Seen from the server, as Suricata names them.
  if (fin) set_state(step.flow, from_client ? TcpState::close_wait : TcpState::fin_wait1);
  else if (state_ == TcpState::fin_wait1 && all_acknowledged(server)) set_state(step.flow, TcpState::fin_wait2);
}

void TcpSession::emit(Side& side, Direction sender, Bytes bytes, Flow& flow, const Packet* packet,
                      StreamContext& context) {
  auto* const urgent = side.urgent.get();
  while (urgent != nullptr && !urgent->left_out.empty() && urgent->left_out.front() < side.next + bytes.size()) {
    const auto at = urgent->left_out.front();
    urgent->left_out.erase(urgent->left_out.begin());
    if (at < side.next) continue;
    const auto before = static_cast<std::size_t>(at - side.next);
    if (before != 0) emit_part(side, sender, bytes.first(before), flow, packet, context);
    bytes = bytes.subspan(before + 1);
    ++side.next;
    if (context.options.urgent_policy == UrgentPolicy::gap) ++side.gap;
    else ++urgent->removed;
  }
  if (!bytes.empty()) emit_part(side, sender, bytes, flow, packet, context);
}

void TcpSession::emit_part(Side& side, Direction sender, Bytes bytes, Flow& flow, const Packet* packet,
                           StreamContext& context) {
  const std::uint64_t offset = side.next - side.urgent->removed;
  side.next += bytes.size();
  context.counters.stream_bytes += bytes.size();
  const StreamChunk chunk{flow, sender, offset, bytes, std::exchange(side.gap, 0), false, packet};
  context.sink.stream_data(chunk);
}

void TcpSession::deliver(Side& side, Direction sender, std::uint64_t limit, Flow& flow, const Packet* packet,
                         StreamContext& context) {
  if (side.ended || !side.begun) return;
  const auto skip_to = [&](std::uint64_t offset) {
    if (offset <= side.next) return;
    side.gap += offset - side.next;
    // At the end nobody may have missed them: the receiver had not said that they arrived.
    const bool missed = packet != nullptr || offset <= side.acknowledged;
    if (missed) ++context.counters.stream_gaps;
    // A receiver that reset the connection waits for nothing any more.
    else side.torn = state_ == TcpState::closed && side_[index(opposite(sender))].reset && side.acknowledged != 0;
    context.counters.stream_gap_bytes += offset - side.next;
    side.next = offset;
  };
  while (!side.stopped && !side.segments.empty()) {
    const auto first = side.segments.begin();
    const std::uint64_t first_end = first->first + first->second.data.size();
    if (first->first >= limit) break;
    skip_to(first->first);
    if (first_end > side.next) {
      const std::uint64_t until = std::min(first_end, limit);
      if (until <= side.next) break;  // as much was acknowledged before
      // The sink may call stop(); the segments then stay until this loop sees it.
      const Bytes bytes = Bytes(first->second.data).subspan(side.next - first->first, until - side.next);
      delivering_ = true;
      emit(side, sender, bytes, flow, packet, context);
      delivering_ = false;
    }
    if (side.next < first_end) break;
    context.pool.erase(side.segments, first);
  }
  // What was given out may have told the protocol.
  const std::uint64_t depth = depth_of(context.options, flow.protocol);
  if (side.stopped) {
    context.pool.clear(side.segments);
    side.next = std::max(side.next, limit);
  } else if (limit <= side.seen || !side.segments.empty()) {
    // What was acknowledged before anything of it or behind it was seen may still come: the capture mixed up the order.
    skip_to(depth == 0 ? limit : std::min(limit, depth));
  }
  if (!side.stopped && depth != 0 && side.next >= depth) {
    side.stopped = true;
    ++context.counters.stream_depth_reached;
    flow.inspection_over = side_[0].stopped && side_[1].stopped;
    end(side, sender, flow, packet, context);
  } else if (side.fin && side.next >= *side.fin) {
    end(side, sender, flow, packet, context);
  }
}

void TcpSession::end(Side& side, Direction sender, Flow& flow, const Packet* packet, StreamContext& context) {
  if (side.ended) return;
  side.ended = true;
  context.pool.clear(side.segments);
  const StreamChunk chunk{flow, sender, side.next - side.urgent->removed, {}, std::exchange(side.gap, 0), true, packet};
  context.sink.stream_data(chunk);
}

void TcpSession::stop(Direction direction, StreamContext& context) {
  Side& side = side_[index(direction)];
  side.stopped = true;
  if (!delivering_) context.pool.clear(side.segments);
}

void TcpSession::finish(Flow& flow, const Packet* packet, StreamContext& context) {
  for (const auto sender : {Direction::to_server, Direction::to_client}) {
    Side& side = side_[index(sender)];
    if (!side.begun) continue;
    // Holes at the very end are not gaps: nobody said that more was sent.
    const std::uint64_t last = side.segments.empty() ? side.next
                                                     : std::prev(side.segments.end())->first +
                                                           std::prev(side.segments.end())->second.data.size();
    deliver(side, sender, std::max(last, side.next), flow, packet, context);
    end(side, sender, flow, packet, context);
  }
}

}  // namespace tocsin::collectors
