// How a connection begins: three packets, or more when SYNs are repeated, cross each other or are somebody else's.
#include <algorithm>

#include "collectors/packet/packet_event.h"
#include "collectors/packet/stream/session.h"

namespace tocsin::collectors {

bool TcpSession::handshake(Step& step) {
  const auto& tcp = step.packet.tcp;
  const bool syn = (tcp.flags & tcp_flag::syn) != 0;
  const bool ack = (tcp.flags & tcp_flag::ack) != 0;
  if (syn && ack) return handshake_syn_ack(step);
  if (syn) {  // sent again, perhaps with another number; or both endpoints open at once
    remember_opening(step);
    if (!step.mine.begun || (state_ == TcpState::syn_sent && step.mine.highest == 0)) {
      step.mine.begin(tcp.sequence + 1);
      step.mine.window_scale = tcp.window_scale.value_or(0);
      step.mine.timestamp.reset();
      step.mine.note_timestamp(tcp);
    }
    return !step.packet.payload.empty();  // data in the SYN (RFC 7413)
  }
  if (!ack) return false;
  if (state_ == TcpState::syn_sent) {
    // The answer to the SYN was not seen.
    if (!step.mine.begun || !step.context.options.async_one_side) return false;
    if (tcp.sequence != step.mine.base) {
      mark(step.packet, PacketEvent::stream_3whs_async_wrong_seq);
      return false;
    }
    async_ = true;
    async_sender_ = step.packet.direction;
    if (!step.other.begun) step.other.begin(tcp.acknowledgement);
    step.other.window_scale = 14;
    set_state(step.flow, TcpState::established);
    return true;
  }
  if (step.other.begun && tcp.acknowledgement < step.other.base && step.other.base - tcp.acknowledgement < 1U << 30)
    return false;
  if (step.packet.direction == Direction::to_server || handshake_->crossed || !step.packet.payload.empty())
    set_state(step.flow, TcpState::established);
  return true;
}

// One SYN follows another: which of them is answered is seen later.
void TcpSession::remember_opening(Step& step) {
  if (step.mine.begun && step.packet.tcp.sequence + 1 == step.mine.base) return;  // the first, or the same again
  auto& seen = handshake_.make();
  if (step.packet.direction == Direction::to_client) seen.crossed = true;
  else ++seen.openings;
  if (!step.mine.begun || state_ != TcpState::syn_sent || step.mine.highest != 0) return;
  if (seen.earlier.size() >= Handshake::kept) seen.earlier.erase(seen.earlier.begin());
  seen.earlier.push_back({step.mine.base - 1, step.mine.window_scale, step.mine.timestamp});
}

// The answer may be to a SYN that others followed, as where somebody else sent those.
void TcpSession::recall_opening(Step& step) {
  const auto acknowledged = step.packet.tcp.acknowledgement;
  if (!step.other.begun || step.other.highest != 0 || acknowledged == step.other.base) return;
  const auto& earlier = handshake_->earlier;
  const auto found = std::ranges::find(earlier, acknowledged - 1, &Handshake::Opening::sequence);
  if (found == earlier.end()) return;
  step.other.begin(acknowledged);
  step.other.window_scale = found->window_scale;
  step.other.timestamp = found->timestamp;
}

bool TcpSession::handshake_syn_ack(Step& step) {
  const auto& tcp = step.packet.tcp;
  if (state_ == TcpState::syn_sent) recall_opening(step);
  else if (step.mine.begun && step.mine.base != tcp.sequence + 1) ++handshake_.make().answers;
  if (step.other.begun && tcp.acknowledgement != step.other.base) {
    // Data in the SYN may be acknowledged along with it.
    const auto offset = step.other.offset_of(tcp.acknowledgement);
    if (offset < 0 || static_cast<std::uint64_t>(offset) > step.other.highest) {
      mark(step.packet, PacketEvent::stream_synack_wrong_acknowledgement);
      return false;
    }
  }
  const bool crossed = handshake_->crossed && step.mine.begun && tcp.sequence + 1 == step.mine.base;
  if (step.packet.direction == Direction::to_server && !step.flow.midstream && !crossed) {
    if (!handshake_->crossed) mark(step.packet, PacketEvent::stream_synack_in_wrong_direction);
    return false;
  }
  if (state_ == TcpState::syn_received && step.mine.begun && step.mine.base != tcp.sequence + 1 &&
      step.mine.highest != 0)
    return false;
  step.mine.begin(tcp.sequence + 1);
  step.mine.window_scale = tcp.window_scale.value_or(0);
  step.mine.note_timestamp(tcp);
  // RFC 7323: scaling works only when both ends offer it.
  if (!tcp.window_scale) step.other.window_scale = 0;
  if (!step.other.begun) step.other.begin(tcp.acknowledgement);
  if (state_ == TcpState::syn_sent) set_state(step.flow, TcpState::syn_received);
  step.other.window_end = tcp.window;  // never scaled in a SYN
  return !step.packet.payload.empty();
}

}  // namespace tocsin::collectors
