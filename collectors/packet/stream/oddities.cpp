// What is odd about a segment, in the words of Suricata's stream events. Nothing is decided here: the segment is judged
// by the state that it finds, before it changes it.
#include <algorithm>

#include "collectors/packet/packet_event.h"
#include "collectors/packet/stream/session.h"

namespace tocsin::collectors {
namespace {

bool has(const Packet& packet, std::uint8_t flag) noexcept { return (packet.tcp.flags & flag) != 0; }

// A number that cannot be acknowledged now, in each state.
PacketEvent invalid_acknowledgement(TcpState state, bool fin) noexcept {
  switch (state) {
    case TcpState::fin_wait1: return PacketEvent::stream_fin1_invalid_ack;
    case TcpState::fin_wait2: return PacketEvent::stream_fin2_invalid_ack;
    case TcpState::closing: return PacketEvent::stream_closing_invalid_ack;
    case TcpState::close_wait: return PacketEvent::stream_closewait_invalid_ack;
    case TcpState::last_ack: return PacketEvent::stream_lastack_invalid_ack;
    case TcpState::time_wait: return PacketEvent::stream_timewait_invalid_ack;
    default: return fin ? PacketEvent::stream_fin_invalid : PacketEvent::stream_invalid_acknowledgement;
  }
}

// A FIN where none can be.
PacketEvent misplaced_fin(TcpState state) noexcept {
  switch (state) {
    case TcpState::fin_wait1: return PacketEvent::stream_fin1_fin_wrong_seq;
    case TcpState::fin_wait2: return PacketEvent::stream_fin2_fin_wrong_seq;
    case TcpState::close_wait: return PacketEvent::stream_closewait_fin_out_of_window;
    default: return PacketEvent::stream_fin_out_of_window;
  }
}

// A segment past the window, or, once both ends are done, anywhere else than at the end.
PacketEvent misplaced_segment(TcpState state) noexcept {
  switch (state) {
    case TcpState::fin_wait1: return PacketEvent::stream_fin1_ack_wrong_seq;
    case TcpState::fin_wait2: return PacketEvent::stream_fin2_ack_wrong_seq;
    case TcpState::closing: return PacketEvent::stream_closing_ack_wrong_seq;
    case TcpState::close_wait: return PacketEvent::stream_closewait_ack_out_of_window;
    case TcpState::last_ack: return PacketEvent::stream_lastack_ack_wrong_seq;
    case TcpState::time_wait: return PacketEvent::stream_timewait_ack_wrong_seq;
    default: return PacketEvent::stream_out_of_window;
  }
}

}  // namespace

void TcpSession::note_oddities(Step& step) const {
  Packet& packet = step.packet;
  const bool syn = has(packet, tcp_flag::syn), ack = has(packet, tcp_flag::ack), rst = has(packet, tcp_flag::rst);
  if (!ack && packet.tcp.acknowledgement != 0) mark(packet, PacketEvent::stream_broken_ack);
  if (syn && has(packet, tcp_flag::fin)) mark(packet, PacketEvent::stream_fin_syn);
  if (state_ == TcpState::none) {
    if (rst) mark(packet, PacketEvent::stream_rst_but_no_session);
    else if (has(packet, tcp_flag::fin) && !syn && (packet.payload.empty() || !step.context.options.midstream))
      mark(packet, PacketEvent::stream_fin_but_no_session);
    return;
  }
  if (rst) return;
  if (step.mine.reset && !packet.payload.empty()) mark(packet, PacketEvent::stream_suspected_rst_inject);
  note_timestamps(step);
  if (syn) return ack ? note_syn_ack(step) : note_syn(step);
  if (!ack || !step.mine.begun) return;
  if (state_ == TcpState::syn_sent) return;
  if (state_ == TcpState::syn_received) return note_third(step);
  if (state_ != TcpState::closed) note_segment(step);
}

// RFC 7323, section 5: time never goes back.
void TcpSession::note_timestamps(Step& step) const {
  const auto& stamps = step.packet.tcp.timestamps;
  if (!stamps) return;
  const auto& before = step.mine.timestamp;
  const bool back = before && static_cast<std::int32_t>(stamps->first - *before) < 0;
  // The first answer echoes what the SYN said.
  const bool strange_echo = state_ == TcpState::syn_sent && step.packet.direction == Direction::to_client &&
                            stamps->second != 0 && stamps->second != step.other.timestamp.value_or(0);
  if (back || strange_echo) mark(step.packet, PacketEvent::stream_invalid_timestamp);
}

void TcpSession::note_syn(Step& step) const {
  const bool to_client = step.packet.direction == Direction::to_client;
  const bool other_number = step.packet.tcp.sequence + 1 != step.mine.base;
  switch (state_) {
    case TcpState::syn_sent:
      // As many may wait behind the first.
      if (!to_client && handshake_->openings >= step.context.options.syns_most)
        mark(step.packet, PacketEvent::stream_syn_flood);
      return;
    case TcpState::syn_received:
      if (to_client) mark(step.packet, PacketEvent::stream_syn_toclient_on_syn_recv);
      else if (other_number) mark(step.packet, PacketEvent::stream_syn_retransmitted);
      return;
    case TcpState::established:
      mark(step.packet, to_client      ? PacketEvent::stream_est_syn_toclient
                        : other_number ? PacketEvent::stream_est_syn_resend_diff_seq
                                       : PacketEvent::stream_est_syn_resend);
      return;
    case TcpState::none:
    case TcpState::closed: return;
    default: mark(step.packet, PacketEvent::stream_shutdown_syn_resend);
  }
}

void TcpSession::note_syn_ack(Step& step) const {
  Packet& packet = step.packet;
  const bool to_server = packet.direction == Direction::to_server;
  const bool other_number = packet.tcp.sequence + 1 != step.mine.base;
  const auto acknowledged = step.other.begun ? step.other.offset_of(packet.tcp.acknowledgement) : 0;
  const bool other_ack = acknowledged < 0 || acknowledged > static_cast<std::int64_t>(step.other.highest);
  if (state_ == TcpState::syn_sent) {
    if (to_server && step.other.begun) {  // the answer to a SYN that crossed ours (a handshake in four steps)
      if (other_ack) mark(packet, PacketEvent::stream_4whs_synack_with_wrong_ack);
      else if (other_number) mark(packet, PacketEvent::stream_4whs_synack_with_wrong_syn);
    } else if (!to_server && acknowledged == 0 && step.other.seen > 0) {
      mark(packet, PacketEvent::stream_synack_tfo_data_ignored);
    }
    return;
  }
  if (state_ == TcpState::syn_received) {
    if (to_server) mark(packet, PacketEvent::stream_synack_toserver_on_syn_recv);
    else if (other_ack) mark(packet, PacketEvent::stream_synack_resend_with_different_ack);
    else if (step.mine.begun && other_number) mark(packet, PacketEvent::stream_synack_resend_with_diff_seq);
    if (!to_server && other_number && handshake_->answers + 1 >= step.context.options.syn_acks_most)
      mark(packet, PacketEvent::stream_synack_flood);
    return;
  }
  if (state_ == TcpState::established) {
    const bool confirmed = step.mine.highest != 0 || step.other.highest != 0;
    if (to_server) mark(packet, PacketEvent::stream_est_synack_toserver);
    else if (other_ack) mark(packet, PacketEvent::stream_est_synack_resend_with_different_ack);
    else if (other_number) mark(packet, PacketEvent::stream_est_synack_resend_with_diff_seq);
    else if (confirmed) mark(packet, PacketEvent::stream_est_synack_resend);
    return;
  }
  if (state_ != TcpState::closed) mark(packet, PacketEvent::stream_shutdown_syn_resend);
}

// The third step of a handshake.
void TcpSession::note_third(Step& step) const {
  Packet& packet = step.packet;
  if (!step.other.begun) return;
  const auto acknowledged = step.other.offset_of(packet.tcp.acknowledgement);
  const auto window_end = static_cast<std::int64_t>(step.other.window_end);
  const bool acceptable = acknowledged >= 0 && (window_end == 0 || acknowledged <= window_end + 1);
  if (packet.direction == Direction::to_client && !step.flow.midstream) {
    // From the server, and it acknowledges nothing that the client sent meanwhile.
    if (acknowledged > 0 || step.other.seen != 0) return;
    mark(packet,
         packet.payload.empty() ? PacketEvent::stream_3whs_ack_in_wrong_dir : PacketEvent::stream_3whs_ack_data_inject);
    return;
  }
  if (acceptable) return;
  const bool expected = packet.tcp.sequence == step.mine.base + static_cast<std::uint32_t>(step.mine.highest);
  const bool crossed = handshake_->crossed;
  if (expected)
    mark(packet, crossed ? PacketEvent::stream_4whs_invalid_ack : PacketEvent::stream_right_seq_wrong_ack_evasion);
  else mark(packet, crossed ? PacketEvent::stream_4whs_wrong_seq : PacketEvent::stream_handshake_wrong_sequence);
}

void TcpSession::note_acknowledgement(Step& step) const {
  const auto& other = step.other;
  if (!other.begun || async_ || other.window_end == 0) return;
  const auto up_to = other.offset_of(step.packet.tcp.acknowledgement);
  const auto acknowledged = static_cast<std::int64_t>(other.acknowledged);
  const auto window = static_cast<std::int64_t>(other.window_end) - acknowledged;
  const auto most = std::max(static_cast<std::int64_t>(other.highest), static_cast<std::int64_t>(other.window_end)) + 1;
  if (up_to <= most && (window <= 0 || up_to >= acknowledged - window)) return;
  mark(step.packet, PacketEvent::stream_pkt_invalid_ack);
  mark(step.packet, invalid_acknowledgement(state_, has(step.packet, tcp_flag::fin)));
}

// Data, acknowledgements and FINs of a connection that stands or ends.
void TcpSession::note_segment(Step& step) const {
  Packet& packet = step.packet;
  const Side& mine = step.mine;
  const auto begin = mine.offset_of(packet.tcp.sequence);
  const auto end = begin + static_cast<std::int64_t>(packet.payload.size());
  const auto acknowledged = static_cast<std::int64_t>(mine.acknowledged);
  const auto next = static_cast<std::int64_t>(mine.fin ? *mine.fin + 1 : mine.highest);
  const bool keep_alive = begin == next - 1 && packet.payload.size() <= 1;
  note_acknowledgement(step);
  if (keep_alive || async_) return;
  if (!packet.payload.empty() && end <= acknowledged) return mark(packet, PacketEvent::stream_spurious_retransmission);
  if (!packet.payload.empty() && end <= next) return;  // sent again, and told so where it is stored
  const bool beyond = mine.window_end != 0 && end > static_cast<std::int64_t>(mine.window_end) + 1;
  if (has(packet, tcp_flag::fin)) {
    if (begin < next || beyond) mark(packet, misplaced_fin(state_));
    return;
  }
  if (state_ == TcpState::established || state_ == TcpState::close_wait) {
    // Told by the session itself for data.
    if (end < acknowledged)
      mark(packet, state_ == TcpState::established ? PacketEvent::stream_est_pkt_before_last_ack
                                                   : PacketEvent::stream_closewait_pkt_before_last_ack);
    else if (beyond && packet.payload.empty()) mark(packet, misplaced_segment(state_));
  } else if (beyond || (mine.fin && begin != next && begin != next - 1)) {
    mark(packet, misplaced_segment(state_));
  }
}

}  // namespace tocsin::collectors
