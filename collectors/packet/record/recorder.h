#pragma once
// Transactions and ended flows → events in batches. Ids are hashes of the capture's identity and the place in it, so
// that reading the same capture again, with any number of workers, gives the same ids.

#include <cstdint>
#include <string>

#include "collectors/event/event.h"
#include "collectors/packet/counters.h"
#include "collectors/packet/flow.h"
#include "collectors/packet/options.h"
#include "collectors/packet/packet.h"
#include "collectors/packet/record/owner.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Takes full batches, and a rest at every flush. Called on the worker's thread; must not block.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void on_records(EventBatch batch) = 0;
};

class Recorder {
 public:
  Recorder(const PacketOptions& options, PacketCounters& counters, RecordSink& sink)
      : options_(options), counters_(counters), sink_(sink), builder_(batch_) {}

  void transaction(const Flow& flow, const Transaction& transaction, Time when);
  void flow_ended(const Flow& flow, FlowEnd why);
  // Hands on what is there.
  void flush();

 private:
  void flow_fields(const Flow& flow);
  const std::string& community_of(const Flow& flow);
  void add_owner(const Flow& flow);
  void finish(EventHeader header);

  const PacketOptions& options_;
  PacketCounters& counters_;
  RecordSink& sink_;
  EventBatch batch_;
  EventBuilder builder_;
  std::uint64_t community_flow_ = 0;  // of which flow `community_` is: records of one flow often follow each other
  std::string community_;
  std::uint64_t owner_flow_ = 0;  // whose `owner_` is, the same way; asked for again until it is known
  FlowOwnerRef owner_;
};

}  // namespace tocsin::collectors
