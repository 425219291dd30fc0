#pragma once
// One TCP connection: its state (RFC 9293, as an onlooker sees it) and the reassembly of both directions. Payload is
// handed on once the receiver acknowledged it, as an intrusion detector must: only then is it known what the receiver
// took. Owned by its flow, used on the flow's worker.

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "collectors/base/seldom.h"
#include "collectors/packet/counters.h"
#include "collectors/packet/flow.h"
#include "collectors/packet/observer.h"
#include "collectors/packet/options.h"
#include "collectors/packet/stream/segments.h"

namespace tocsin::collectors {

enum class TcpState : std::uint8_t {
  none,
  syn_sent,
  syn_received,
  established,
  fin_wait1,
  fin_wait2,
  time_wait,
  last_ack,
  close_wait,
  closing,
  closed,
};
std::string_view tcp_state_name(TcpState state) noexcept;  // Suricata's: "established", "fin_wait1"

// Takes the bytes in order.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual void stream_data(const StreamChunk& chunk) = 0;
};

// What a session works with; the same for all sessions of a worker.
struct StreamContext {
  const StreamOptions& options;
  SegmentPool& pool;
  PacketCounters& counters;
  StreamSink& sink;
};

class TcpSession {
 public:
  explicit TcpSession(OverlapPolicy to_server_policy, OverlapPolicy to_client_policy) {
    side_[0].policy = to_server_policy;
    side_[1].policy = to_client_policy;
  }

  // `packet.flow` and `packet.direction` are set. Marks stream events on the packet.
  void process(Packet& packet, Flow& flow, StreamContext& context);
  // Hands on what is left, acknowledged or not, and ends both directions.
  void finish(Flow& flow, const Packet* packet, StreamContext& context);
  // Client and server change places.
  void turn() noexcept { std::swap(side_[0], side_[1]); }
  // No more bytes of this direction are wanted: what is kept goes, later payload is not stored.
  void stop(Direction direction, StreamContext& context);

  TcpState state() const noexcept { return state_; }
  // A new SYN on the same ports may begin a new connection.
  bool may_be_reused() const noexcept { return state_ == TcpState::closed || state_ == TcpState::time_wait; }
  // What comes now, at the end, stands behind a hole that the receiver had not acknowledged when it reset the
  // connection: it was sent, and never reached an application.
  bool behind_hole(Direction sender) const noexcept { return side_[index(sender)].torn; }
  // Bytes of payload so far that the sender stated, by sequence number.
  std::uint64_t stream_size(Direction sender) const noexcept { return side_[index(sender)].highest; }

 private:
  // What one endpoint sends.
  struct Side {
    bool begun = false;
    bool ended = false;    // told so; nothing more is delivered
    bool stopped = false;  // depth reached, or nobody wants more
    bool reset = false;    // a RST came from here, whether it held or not
    bool torn = false;     // at the end: behind_hole()
    std::uint8_t window_scale = 0;
    std::uint32_t base = 0;          // sequence number of offset 0
    std::uint64_t next = 0;          // delivered up to here
    std::uint64_t acknowledged = 0;  // by the other endpoint
    std::uint64_t highest = 0;       // end of what was seen or acknowledged
    std::uint64_t seen = 0;          // end of what was seen
    std::uint64_t window_end = 0;    // the other endpoint takes bytes up to here; 0 = not known
    std::uint64_t gap = 0;           // missing right before `next`, not yet told
    struct Urgent {
      std::vector<std::uint64_t> left_out;  // bytes, by offset; few
      std::uint64_t removed = 0;            // of them, before `next`
    };
    Seldom<Urgent> urgent;
    std::optional<std::uint64_t> fin;
    std::optional<std::uint32_t> timestamp;  // latest of the timestamps option
    OverlapPolicy policy = OverlapPolicy::bsd;
    SegmentMap segments;

    std::int64_t offset_of(std::uint32_t sequence) const noexcept {
      const auto reference = base + static_cast<std::uint32_t>(highest);
      return static_cast<std::int64_t>(highest) + static_cast<std::int32_t>(sequence - reference);
    }
    void note_timestamp(const TcpView& tcp) noexcept {
      if (!tcp.timestamps) timestamp.reset();
      else if (!timestamp || static_cast<std::int32_t>(tcp.timestamps->first - *timestamp) > 0)
        timestamp = tcp.timestamps->first;
    }
    void begin(std::uint32_t first_sequence) noexcept {
      begun = true;
      base = first_sequence;
    }
  };
  struct Step {
    Packet& packet;
    Flow& flow;
    StreamContext& context;
    Side& mine;   // the sender's
    Side& other;  // the receiver's
  };

  bool open(Step& step);  // no session yet; false when the packet begins none
  void take_up_midstream(Step& step);
  bool handshake(Step& step);  // false when the packet is not to be used further
  bool handshake_syn_ack(Step& step);
  void remember_opening(Step& step);
  void recall_opening(Step& step);
  bool reset_holds(Step& step) const;
  bool reset_in_place(Step& step) const;
  void reset(Step& step);
  void transfer(Step& step);
  bool in_window(Step& step, std::int64_t begin, std::int64_t end) const;
  void store(Step& step, std::int64_t begin, Bytes payload);
  void note_urgent(Step& step, std::int64_t begin, Bytes payload) const;
  void acknowledge(Step& step);
  void advance_state(Step& step);
  // oddities.cpp
  void note_oddities(Step& step) const;
  void note_timestamps(Step& step) const;
  void note_syn(Step& step) const;
  void note_syn_ack(Step& step) const;
  void note_third(Step& step) const;
  void note_acknowledgement(Step& step) const;
  void note_segment(Step& step) const;
  void deliver(Side& side, Direction sender, std::uint64_t limit, Flow& flow, const Packet* packet,
               StreamContext& context);
  void emit(Side& side, Direction sender, Bytes bytes, Flow& flow, const Packet* packet, StreamContext& context);
  void emit_part(Side& side, Direction sender, Bytes bytes, Flow& flow, const Packet* packet, StreamContext& context);
  void end(Side& side, Direction sender, Flow& flow, const Packet* packet, StreamContext& context);
  void set_state(Flow& flow, TcpState state) noexcept;

  // A handshake that is more than three packets.
  struct Handshake {
    static constexpr std::size_t kept = 16;
    struct Opening {
      std::uint32_t sequence = 0;
      std::uint8_t window_scale = 0;
      std::optional<std::uint32_t> timestamp;
    };
    std::vector<Opening> earlier;  // SYNs that another followed, the latest last
    std::uint32_t openings = 0, answers = 0;
    bool crossed = false;  // both ends sent a SYN
  };

  TcpState state_ = TcpState::none;
  Seldom<Handshake> handshake_;
  bool async_ = false;  // one direction only is seen
  Direction async_sender_ = Direction::to_server;
  bool delivering_ = false;  // the sink is being called with a view into a segment
  std::array<Side, 2> side_;
};

}  // namespace tocsin::collectors
