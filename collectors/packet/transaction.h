#pragma once
// One request and its answer of an application protocol. Owned by the protocol parser of its flow.

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>

#include "collectors/base/bytes.h"
#include "collectors/base/json.h"
#include "collectors/event/event.h"
#include "collectors/packet/buffer.h"
#include "collectors/packet/flow.h"
#include "collectors/packet/record/detail.h"

namespace tocsin::collectors {

class Transaction {
 public:
  virtual ~Transaction() = default;

  Protocol protocol = Protocol::unknown;
  std::uint64_t number = 0;  // 0-based within its flow
  std::bitset<packet_events_most> events;
  // What observers keep per transaction (inspected-once marks, alert counts); slots as in Flow.
  std::array<std::unique_ptr<FlowExtension>, Flow::extensions_most> extension;
  // An observer that will look at it once more, with a later packet of its flow, adds one and takes it back then. A
  // finished transaction lives as long as this is not 0, at most until its flow has ended.
  std::uint32_t holds = 0;
  bool silent = false;  // a rule wants no record of its own of it

  // The index-th instance of a buffer, nothing past the last or while it is not there yet. Views hold until the next
  // call into the parser. Never allocates for buffers that are kept as they were sent; derived ones are built once and
  // kept.
  virtual std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const = 0;
  // Grows from 0; each protocol names its steps in its header (http: request line, headers, body, trailer, complete).
  virtual std::uint8_t progress(Direction direction) const = 0;
  virtual bool complete(Direction direction) const = 0;
  // Named numbers for keywords that compare (dns.opcode, http.stat_code as number …): nothing if it has none of that
  // name.
  virtual std::optional<std::uint64_t> number_of(Buffer, Direction, std::uint32_t /*index*/) const {
    return std::nullopt;
  }
  // What a request and its answer have in common where each is a transaction of its own (the id of DNS).
  virtual std::optional<std::uint64_t> exchange() const { return std::nullopt; }
  // Writes the ECS fields of this transaction (http.*, dns.*, tls.*). Flow fields are the caller's.
  virtual void fill(EventBuilder& builder) const = 0;

  // Its own records can be written: all that they show is known.
  virtual bool recordable() const { return complete(Direction::to_server) && complete(Direction::to_client); }
  // How many EVE records of its own this transaction makes; each is asked for by its `part`. 0: none.
  virtual std::uint32_t record_count(const RecordDetail&) const { return 1; }
  // Who sends what its own records tell: those ends come first in them.
  virtual Direction record_sender(const RecordDetail&) const { return Direction::to_server; }
  // Writes what EVE shows of this transaction as members of the record: `"http":{…}`. False: nothing was written, there
  // is no record of it. The one place for a protocol's own record, for alerts and for files (eve.cpp of its folder).
  virtual bool describe(JsonWriter&, const RecordDetail&, RecordPurpose, std::uint32_t /*part*/) const { return false; }
};

// One message that stands for itself: all of it is there from the start, in both directions.
class WholeTransaction : public Transaction {
 public:
  std::optional<Bytes> buffer(Buffer, Direction, std::uint32_t /*index*/) const override { return std::nullopt; }
  std::uint8_t progress(Direction) const final { return 1; }
  bool complete(Direction) const final { return true; }
};

}  // namespace tocsin::collectors
