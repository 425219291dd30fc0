#pragma once
// The application side of one flow: finds out which protocol is spoken, independent of ports, then feeds its parser.
// Owned by the flow; used on the flow's worker.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "collectors/packet/counters.h"
#include "collectors/packet/observer.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

// Per worker: the factories and settings that conversations need.
class ProtocolShelf {
 public:
  ProtocolShelf(const PacketOptions& options, FieldNames& names, PacketCounters& counters);
  const PacketOptions& options() const noexcept { return options_; }
  PacketCounters& counters() noexcept { return counters_; }

  struct Guess {
    Probe answer = Probe::no;
    const ProtocolRow* row = nullptr;
  };
  // The first row that says yes; rows that name one of the ports are asked first.
  Guess probe(const ProbeInput& input) const;
  std::unique_ptr<ProtocolParser> make(const ProtocolRow& row, const Flow& flow);
  std::unique_ptr<ProtocolParser> make_expected(const ProtocolRow& row, const Flow& flow, const ExpectedFlow& expected);

  void expect(ExpectedFlow flow, Time now);
  // What was said of this flow beforehand; once only.
  std::optional<ExpectedFlow> expected(const Flow& flow, Time now);

 private:
  struct Slot {
    const ProtocolRow* row;
    std::unique_ptr<ProtocolFactory> factory;
  };
  struct Expectation {
    ExpectedFlow flow;
    Time until;
  };
  const PacketOptions& options_;
  PacketCounters& counters_;
  std::vector<Slot> slots_;
  std::deque<Expectation> expectations_;  // in the order told; few at a time
};

class Conversation {
 public:
  // TCP: chunks in order.
  void stream(const StreamChunk& chunk, Time time, ProtocolShelf& shelf, ParserOutput& output);
  // UDP: one payload. `direction` is turned around when client and server were mistaken for each other.
  void datagram(Flow& flow, Direction& direction, Bytes bytes, Time time, ProtocolShelf& shelf, ParserOutput& output);
  // TCP: true when client and server were mistaken; the caller turns flow and session around, then calls turn().
  bool wants_turn() const noexcept { return wants_turn_; }
  void turn(Flow& flow, Time time, ProtocolShelf& shelf, ParserOutput& output);
  void finish(Flow& flow, ParserOutput& output);
  // Nothing more is wanted of this conversation.
  bool over() const noexcept { return over_; }
  bool encrypted() const noexcept { return encrypted_; }

 private:
  struct Side {
    std::vector<std::uint8_t> pending;  // first bytes, until the protocol is known
    Probe verdict = Probe::more;
    bool ended = false;
    std::uint64_t unread = 0;  // bytes seen before the protocol was known
  };

  void detect(Flow& flow, Direction direction, bool stream, Time time, ProtocolShelf& shelf, ParserOutput& output);
  void start(Flow& flow, const ProtocolRow& row, Direction direction, Time time, ProtocolShelf& shelf,
             ParserOutput& output);
  void adopt(Flow& flow, const ProtocolRow& row, std::unique_ptr<ProtocolParser> parser, Direction direction, Time time,
             ProtocolShelf& shelf, ParserOutput& output);
  void restart(Flow& flow, Time time, ProtocolShelf& shelf, ParserOutput& output);
  void give_up(Flow& flow, ProtocolShelf& shelf, ParserOutput& output);
  void compare(const Flow& flow, Protocol found, ParserOutput& output);
  void feed(Flow& flow, Direction direction, Bytes bytes, Time time, ProtocolShelf& shelf, ParserOutput& output);
  Protocol spoken(const Flow& flow, Direction direction, Bytes bytes, const ProtocolShelf& shelf);
  void judge(Flow& flow, ParserState state, Time time, ProtocolShelf& shelf, ParserOutput& output);

  std::unique_ptr<ProtocolParser> parser_;
  std::array<Side, 2> side_;
  std::optional<Direction> first_;  // who spoke first
  std::uint8_t restarts_ = 0;
  bool awaits_tls_ = false;
  bool wants_turn_ = false;
  bool over_ = false;
  bool encrypted_ = false;
};

}  // namespace tocsin::collectors
