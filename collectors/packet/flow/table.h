#pragma once
// The flows of one worker: an open-addressing hash table over recycled entries, and one list per time-out so that the
// oldest are found at once. Thread-private. When the memory cap is reached the flow that idles longest is ended.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "collectors/packet/counters.h"
#include "collectors/packet/flow.h"
#include "collectors/packet/options.h"
#include "collectors/packet/protocol/conversation.h"
#include "collectors/packet/stream/session.h"

namespace tocsin::collectors {

// Direction-free: `low` is the smaller endpoint.
struct FlowKey {
  IpAddress low;
  IpAddress high;
  std::uint16_t low_port = 0;
  std::uint16_t high_port = 0;
  std::array<std::uint16_t, 3> vlan{};
  std::uint8_t transport = 0;
  std::uint8_t tunnel_depth = 0;
  friend bool operator==(const FlowKey&, const FlowKey&) = default;
  std::uint64_t hash(std::uint64_t seed) const noexcept;
};

struct FlowEntry final : Flow {
  FlowKey key;
  std::unique_ptr<TcpSession> session;  // TCP only
  Conversation conversation;
  std::vector<std::unique_ptr<Transaction>> held;  // finished, and somebody still wants to look
  Time quiet_since{};                              // when its streams last brought something (quiet.h)

 private:
  friend class FlowTable;
  std::uint64_t table_hash_ = 0;
  std::uint32_t number_ = 0;  // of this entry
  std::uint32_t previous_ = 0, next_ = 0;
  std::uint8_t list_ = 0;
};

// Told about each flow before it goes.
class FlowEndSink {
 public:
  virtual ~FlowEndSink() = default;
  virtual void flow_ended(FlowEntry& flow, FlowEnd why, Time when) = 0;
};

class FlowTable {
 public:
  FlowTable(const FlowOptions& options, PacketCounters& counters, FlowEndSink& sink);

  struct Found {
    FlowEntry* flow = nullptr;  // null: this packet belongs to no flow
    bool fresh = false;
  };
  // Sets packet.flow and packet.direction. A flow past its time-out, or a closed one that a new SYN reuses, is ended
  // and begun anew.
  Found find(Packet& packet);
  // After the packet was handled: counts it and moves the flow to the list of its state.
  void touch(FlowEntry& flow, const Packet& packet);
  // Ends the flows whose time-out is over.
  void expire(Time now);
  void finish(Time now);
  std::size_t size() const noexcept { return live_; }

 private:
  struct List {
    std::uint32_t first = 0, last = 0;  // entry number + 1; 0 = none
    Duration timeout{};
  };
  static constexpr std::size_t states = 3;
  static constexpr std::size_t kinds = 4;  // tcp, udp, icmp, other

  static bool wanted(const Packet& packet) noexcept;
  FlowKey key_of(const Packet& packet) const noexcept;
  std::uint8_t list_of(const Flow& flow) const noexcept;
  FlowEntry* lookup(const FlowKey& key, std::uint64_t hash) const noexcept;
  FlowEntry& make(const Packet& packet, const FlowKey& key, std::uint64_t hash);
  void begin(FlowEntry& flow, const Packet& packet, const FlowKey& key) const;
  void end(FlowEntry& flow, FlowEnd why, Time when);
  void evict();
  void count_live() noexcept;
  void grow();
  void place(std::uint64_t hash, std::uint32_t number) noexcept;
  void remove_slot(const FlowEntry& flow) noexcept;
  void link(FlowEntry& flow, std::uint8_t list) noexcept;
  void unlink(FlowEntry& flow) noexcept;

  const FlowOptions& options_;
  PacketCounters& counters_;
  FlowEndSink& sink_;
  std::array<List, kinds * states> lists_;
  std::vector<std::unique_ptr<FlowEntry>> entries_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> slots_;  // entry number + 1; power of two
  std::size_t live_ = 0;
  std::size_t live_most_ = 0;
};

}  // namespace tocsin::collectors
