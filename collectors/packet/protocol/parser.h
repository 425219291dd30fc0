#pragma once
// The shape of every application protocol folder: a factory (one per worker), a parser (one per conversation),
// transactions, a buffer table and a probe. A parser gets bytes in order, bounds what it keeps, and tells its output
// what moved. It never looks at packets, clocks or other flows.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "collectors/event/field.h"
#include "collectors/packet/buffer.h"
#include "collectors/packet/flow.h"
#include "collectors/packet/options.h"
#include "collectors/packet/packet_event.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Part of a file that a protocol carries; becomes a FileChunk.
struct FilePart {
  std::uint32_t id = 0;  // unique within the conversation
  std::string_view name;
  std::uint64_t offset = 0;
  Bytes bytes;
  std::uint64_t gap = 0;
  bool end = false;
  bool truncated = false;
};

// What one conversation says of another that is about to begin: the data channel of FTP. Shared by both.
struct FlowAgreement {
  virtual ~FlowAgreement() = default;
};
struct ExpectedFlow {
  Protocol protocol = Protocol::unknown;
  IpAddress client;  // who will connect
  IpAddress server;
  std::uint16_t server_port = 0;
  std::shared_ptr<FlowAgreement> agreement;
};

// Where a parser reports to. Calls go out to the observers at once.
class ParserOutput {
 public:
  virtual ~ParserOutput() = default;
  // Something of this transaction became visible on that side (progress, more body).
  virtual void progressed(Transaction& transaction, Direction direction) = 0;
  virtual void file(Transaction* transaction, Direction direction, const FilePart& part) = 0;
  // Nothing more will come. It is recorded, and lives until the packet at hand is done with.
  virtual void finished(std::unique_ptr<Transaction> transaction) = 0;
  // Wrong with the conversation rather than with one transaction.
  virtual void event(PacketEvent event) = 0;
  // A conversation that will follow, whatever it may look like. Forgotten when it does not come for a while.
  virtual void expect(ExpectedFlow /*flow*/) {}  // NOLINT(performance-unnecessary-value-param): kept by whoever listens
};

// What a parser wants after a call.
enum class ParserState : std::uint8_t {
  more,
  done,     // no more bytes are wanted (encrypted from here on)
  restart,  // another protocol begins: detection starts over with what leftover() gives, then with what follows
  failed,   // this is not what it seemed to be, or cannot be followed any more
};

class ProtocolParser {
 public:
  virtual ~ProtocolParser() = default;
  // Bytes of a stream in order, or one datagram. `time` is the packet's.
  virtual ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) = 0;
  // `count` bytes were lost. Parsers that cannot bridge it fail.
  virtual ParserState gap(Direction, std::uint64_t /*count*/, Time, ParserOutput&) { return ParserState::failed; }
  // No more bytes in this direction.
  virtual void end(Direction, Time, ParserOutput&) {}
  // After `restart`: bytes of that direction which belong to what comes next.
  virtual Bytes leftover(Direction) const { return {}; }
  // After `restart`: what begins when both sides agreed on it; unknown: to be found out.
  virtual Protocol successor() const { return Protocol::unknown; }
  // What the successor is to know of what came before.
  virtual std::shared_ptr<FlowAgreement> legacy() const { return nullptr; }
  // The conversation is over: all transactions still open are given up as finished. None to override where every
  // transaction is finished as soon as it is made.
  virtual void finish(ParserOutput&) {}
};

class ProtocolFactory {
 public:
  virtual ~ProtocolFactory() = default;
  virtual std::unique_ptr<ProtocolParser> make(const Flow& flow) = 0;
  // Of a conversation that was expected.
  virtual std::unique_ptr<ProtocolParser> make_expected(const Flow& flow, const ExpectedFlow&) { return make(flow); }
};

// more: not enough bytes to tell. reversed: yes, but this is how a server speaks: client and server were mistaken,
// which is possible when the beginning of the flow was not seen.
enum class Probe : std::uint8_t { no, more, yes, reversed };

struct ProbeInput {
  Direction direction;
  Bytes bytes;  // from the beginning of that direction
  std::uint16_t client_port;
  std::uint16_t server_port;
  bool stream;            // TCP; otherwise one datagram
  bool beginning_unseen;  // mid-stream, or a datagram: the sender may be the server
};

// One row per protocol in protocol/table.cpp.
struct ProtocolRow {
  Protocol protocol;
  bool over_stream;
  bool over_datagram;
  std::span<const std::uint16_t> ports;  // customary server ports: probed first, never required
  Probe (*probe)(const ProbeInput& input);
  std::span<const BufferRow> buffers;
  bool (*enabled)(const PacketOptions& options);
  std::unique_ptr<ProtocolFactory> (*make)(const PacketOptions& options, FieldNames& names);
};

}  // namespace tocsin::collectors
