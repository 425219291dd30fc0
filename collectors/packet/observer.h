#pragma once
// What the packet floor tells the floors above, in the order it happens. One observer instance per worker, called on
// that worker's thread only; it must not block, lock or allocate per packet without need.

#include <cstdint>
#include <memory>
#include <string_view>

#include "collectors/packet/flow.h"
#include "collectors/packet/packet.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Bytes of one TCP direction in order. `offset` counts from the first payload byte of that direction.
struct StreamChunk {
  Flow& flow;
  Direction direction;
  std::uint64_t offset;
  Bytes bytes;           // empty only when `end`
  std::uint64_t gap;     // bytes missing right before `offset`
  bool end;              // no more will come in this direction
  const Packet* packet;  // that made it available; null on a time-out
};

struct TransactionUpdate {
  Flow& flow;
  Transaction& transaction;
  Direction direction;   // which side moved
  const Packet* packet;  // null on a time-out
};

// A file carried by a protocol, chunk by chunk. `id` is unique within the flow.
struct FileChunk {
  Flow& flow;
  Transaction* transaction;
  Direction direction;
  std::uint32_t id;
  std::string_view name;  // as the protocol states it; may be empty
  std::uint64_t offset;
  Bytes bytes;
  std::uint64_t gap;  // bytes missing right before `offset`
  bool end;           // complete, or as much as there will be
  bool truncated;     // at `end`: not whole
  const Packet* packet;
};

class Observer {
 public:
  virtual ~Observer() = default;
  // Which slot of Flow::extension and Transaction::extension is yours; called once, before anything else.
  virtual void attached(std::size_t slot) { slot_ = slot; }

  virtual void on_flow_start(Flow&, const Packet&) {}
  // Every decoded packet, after flow and stream handling of it, so that flow state and reassembled data are current.
  virtual void on_packet(const Packet&) {}
  virtual void on_stream(const StreamChunk&) {}
  virtual void on_transaction(const TransactionUpdate&) {}
  // Nothing more will come of this transaction; it lives until on_packet of the packet at hand has returned, or, on a
  // time-out, until on_flow_end has; longer when somebody holds it.
  virtual void on_transaction_end(const TransactionUpdate&) {}
  virtual void on_file(const FileChunk&) {}
  virtual void on_flow_end(Flow&, FlowEnd) {}
  // Its streams brought nothing new for PacketOptions::quiet_after: what waits for more may wait in vain.
  virtual void on_quiet(Flow&) {}
  // No packets for a while, or the capture's clock moved on.
  virtual void on_time(Time) {}

 protected:
  std::size_t slot() const noexcept { return slot_; }

 private:
  std::size_t slot_ = 0;
};

}  // namespace tocsin::collectors
