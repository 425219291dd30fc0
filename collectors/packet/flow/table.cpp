#include "collectors/packet/flow/table.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "collectors/base/digest.h"
#include "collectors/packet/flow/icmp.h"

namespace tocsin::collectors {

std::uint64_t FlowKey::hash(std::uint64_t seed) const noexcept {
  std::array<std::uint8_t, 48> text{};
  const auto put = [&](std::size_t at, Bytes bytes) {
    if (!bytes.empty()) std::memcpy(text.data() + at, bytes.data(), bytes.size());
  };
  put(0, low.bytes());
  put(16, high.bytes());
  std::size_t at = 32;
  for (const auto number : {low_port, high_port, vlan[0], vlan[1], vlan[2]}) {
    text[at++] = static_cast<std::uint8_t>(number >> 8);
    text[at++] = static_cast<std::uint8_t>(number);
  }
  text[at++] = transport;
  text[at++] = tunnel_depth;
  text[at] = static_cast<std::uint8_t>(low.family());
  return hash64(Bytes(text), seed);
}

FlowTable::FlowTable(const FlowOptions& options, PacketCounters& counters, FlowEndSink& sink)
    : options_(options), counters_(counters), sink_(sink), slots_(1024) {
  const std::array<const FlowTimeouts*, kinds> timeouts{&options.tcp, &options.udp, &options.icmp, &options.other};
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    lists_[kind * states + 0].timeout = timeouts[kind]->fresh;
    lists_[kind * states + 1].timeout = timeouts[kind]->established;
    lists_[kind * states + 2].timeout = timeouts[kind]->closed;
  }
  static constexpr std::size_t flow_cost = sizeof(FlowEntry) + sizeof(TcpSession) + 4 * sizeof(std::uint32_t);
  live_most_ = std::max<std::size_t>(1, options.memory_most / flow_cost);
  if (options.flows_most != 0) live_most_ = std::min(live_most_, options.flows_most);
}

bool FlowTable::wanted(const Packet& packet) noexcept {
  if (packet.ip_version == 0 || packet.is_fragment || packet.transport.empty()) return false;
  switch (packet.protocol) {
    case ip_protocol::tcp:
    case ip_protocol::udp:
    case ip_protocol::sctp:
    case ip_protocol::esp:
    case ip_protocol::icmp:
    case ip_protocol::icmpv6: return true;
    default: return false;
  }
}

namespace {

bool is_icmp(const Packet& packet) noexcept {
  return packet.protocol == ip_protocol::icmp || packet.protocol == ip_protocol::icmpv6;
}
// What takes the ports' place in the key: of ICMP, the type and the type that answers it.
std::uint16_t source_port(const Packet& packet) noexcept {
  return is_icmp(packet) ? packet.icmp_type : packet.source_port;
}
std::uint16_t destination_port(const Packet& packet) noexcept {
  static constexpr std::uint16_t one_way = 0x100;  // no type has this number
  return is_icmp(packet) ? icmp_counterpart(packet.protocol, packet.icmp_type).value_or(one_way)
                         : packet.destination_port;
}

}  // namespace

FlowKey FlowTable::key_of(const Packet& packet) const noexcept {
  FlowKey key;
  key.low = packet.source;
  key.high = packet.destination;
  key.low_port = source_port(packet);
  key.high_port = destination_port(packet);
  if (std::tie(key.high, key.high_port) < std::tie(key.low, key.low_port)) {
    std::swap(key.low, key.high);
    std::swap(key.low_port, key.high_port);
  }
  if (packet.security_index != 0) {
    key.low_port = static_cast<std::uint16_t>(packet.security_index >> 16);
    key.high_port = static_cast<std::uint16_t>(packet.security_index);
  }
  if (options_.vlan_in_key)
    for (std::size_t i = 0; i < packet.vlan_count; ++i) key.vlan[i] = packet.vlan[i];
  key.transport = packet.protocol;
  key.tunnel_depth = static_cast<std::uint8_t>(std::min<std::uint32_t>(packet.tunnel_depth, 255));
  return key;
}

std::uint8_t FlowTable::list_of(const Flow& flow) const noexcept {
  std::size_t kind = 3;
  if (flow.transport == ip_protocol::tcp) kind = 0;
  else if (flow.transport == ip_protocol::udp) kind = 1;
  else if (flow.transport == ip_protocol::icmp || flow.transport == ip_protocol::icmpv6) kind = 2;
  return static_cast<std::uint8_t>(kind * states + static_cast<std::size_t>(flow.state));
}

FlowEntry* FlowTable::lookup(const FlowKey& key, std::uint64_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at] != 0; at = (at + 1) & mask) {
    FlowEntry* entry = entries_[slots_[at] - 1].get();
    if (entry->table_hash_ == hash && entry->key == key) return entry;
  }
  return nullptr;
}

FlowTable::Found FlowTable::find(Packet& packet) {
  if (!wanted(packet)) return {};
  const FlowKey key = key_of(packet);
  const std::uint64_t hash = key.hash(options_.hash_seed);
  FlowEntry* flow = lookup(key, hash);
  if (flow != nullptr) {
    const bool opens = packet.is_tcp() && (packet.tcp.flags & (tcp_flag::syn | tcp_flag::ack)) == tcp_flag::syn;
    if (packet.time - flow->last > lists_[flow->list_].timeout) {
      end(*flow, FlowEnd::timeout, packet.time);
      flow = nullptr;
    } else if (opens && !packet.checksum_bad && flow->session != nullptr && flow->session->may_be_reused()) {
      end(*flow, FlowEnd::closed, packet.time);
      flow = nullptr;
    }
  }
  const bool fresh = flow == nullptr;
  if (fresh) flow = &make(packet, key, hash);
  packet.flow = flow;
  const bool same_port =
      is_icmp(packet) ? packet.icmp_type == flow->icmp_type : packet.source_port == flow->client.port;
  const bool from_client = packet.source == flow->client.address && same_port;
  packet.direction = from_client ? Direction::to_server : Direction::to_client;
  return {flow, fresh};
}

FlowEntry& FlowTable::make(const Packet& packet, const FlowKey& key, std::uint64_t hash) {
  if (live_ >= live_most_) evict();
  if ((live_ + 1) * 2 > slots_.size()) grow();
  std::uint32_t number = 0;
  if (free_.empty()) {
    number = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back(std::make_unique<FlowEntry>());
  } else {
    number = free_.back();
    free_.pop_back();
  }
  FlowEntry& flow = *entries_[number];
  flow.number_ = number;
  flow.table_hash_ = hash;
  begin(flow, packet, key);
  place(hash, number);
  link(flow, list_of(flow));
  ++live_;
  ++counters_.flows;
  count_live();
  return flow;
}

void FlowTable::begin(FlowEntry& flow, const Packet& packet, const FlowKey& key) const {
  flow.key = key;
  flow.ip_version = packet.ip_version;
  flow.transport = packet.protocol;
  flow.icmp_type = packet.icmp_type;
  flow.icmp_code = packet.icmp_code;
  flow.security_index = packet.security_index;
  flow.vlan = packet.vlan;
  flow.vlan_count = packet.vlan_count;
  flow.start = flow.last = packet.time;
  flow.client.address = packet.source;
  flow.client.port = is_icmp(packet) ? packet.icmp_id : packet.source_port;
  flow.server.address = packet.destination;
  flow.server.port = is_icmp(packet) ? packet.icmp_id : packet.destination_port;
  // Who answers a SYN is the server, even when the SYN itself was not seen.
  if (packet.is_tcp() && (packet.tcp.flags & (tcp_flag::syn | tcp_flag::ack)) == (tcp_flag::syn | tcp_flag::ack))
    std::swap(flow.client, flow.server);
  flow.hash = key.hash(0);
  std::array<std::uint64_t, 3> identity{flow.hash, static_cast<std::uint64_t>(flow.start.time_since_epoch().count()),
                                        packet.source == key.low && source_port(packet) == key.low_port};
  std::array<std::uint8_t, sizeof identity> text{};
  std::memcpy(text.data(), identity.data(), sizeof identity);
  flow.id = hash64(Bytes(text)) >> 1;  // fits a signed 64-bit column
}

void FlowTable::touch(FlowEntry& flow, const Packet& packet) {
  flow.last = std::max(flow.last, packet.time);
  FlowSide& side = flow.side(packet.direction);
  ++side.packets;
  side.bytes += packet.wire_length;
  if (packet.is_tcp()) side.tcp_flags |= packet.tcp.flags;
  if (is_icmp(packet) && packet.direction == Direction::to_client && !flow.answer_icmp_type) {
    flow.answer_icmp_type = packet.icmp_type;
    flow.answer_icmp_code = packet.icmp_code;
  }
  side.time_to_live_least = std::min(side.time_to_live_least, packet.time_to_live);
  side.time_to_live_most = std::max(side.time_to_live_most, packet.time_to_live);
  if (flow.transport != ip_protocol::tcp && flow.state == FlowState::fresh && flow.client.packets != 0 &&
      flow.server.packets != 0)
    flow.state = FlowState::established;
  unlink(flow);
  link(flow, list_of(flow));
}

void FlowTable::expire(Time now) {
  for (auto& list : lists_) {
    while (list.first != 0) {
      FlowEntry& flow = *entries_[list.first - 1];
      if (now - flow.last <= list.timeout) break;
      end(flow, FlowEnd::timeout, now);
    }
  }
}

void FlowTable::finish(Time now) {
  // In the order the flows were last used, oldest first, so that the output has an order of its own.
  std::vector<FlowEntry*> all;
  all.reserve(live_);
  for (const auto& list : lists_)
    for (std::uint32_t at = list.first; at != 0; at = entries_[at - 1]->next_) all.push_back(entries_[at - 1].get());
  std::ranges::sort(all, {}, [](const FlowEntry* flow) { return std::tuple(flow->start, flow->id); });
  for (auto* flow : all) end(*flow, FlowEnd::shutdown, now);
}

void FlowTable::end(FlowEntry& flow, FlowEnd why, Time when) {
  sink_.flow_ended(flow, why, when);
  remove_slot(flow);
  unlink(flow);
  const std::uint32_t number = flow.number_;
  flow = FlowEntry{};
  free_.push_back(number);
  --live_;
  ++counters_.flows_ended;
  count_live();
}

void FlowTable::count_live() noexcept {
  counters_.flows_active = live_;
  counters_.flow_memory = live_ * (sizeof(FlowEntry) + sizeof(TcpSession));
}

void FlowTable::evict() {
  FlowEntry* oldest = nullptr;
  // Closed flows first, then unanswered ones, then any.
  for (const std::size_t state : {2U, 0U, 1U}) {
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      const auto& list = lists_[kind * states + state];
      if (list.first == 0) continue;
      FlowEntry* candidate = entries_[list.first - 1].get();
      if (oldest == nullptr || candidate->last < oldest->last) oldest = candidate;
    }
    if (oldest != nullptr) break;
  }
  if (oldest == nullptr) return;
  ++counters_.flows_evicted;
  end(*oldest, FlowEnd::evicted, oldest->last);
}

void FlowTable::grow() {
  const std::vector<std::uint32_t> old = std::move(slots_);
  slots_.assign(old.size() * 2, 0);
  for (const auto number : old)
    if (number != 0) place(entries_[number - 1]->table_hash_, number - 1);
}

void FlowTable::place(std::uint64_t hash, std::uint32_t number) noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != 0) at = (at + 1) & mask;
  slots_[at] = number + 1;
}

// Backward-shift deletion: no tombstones, so probes stay short however long the worker runs.
void FlowTable::remove_slot(const FlowEntry& flow) noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = flow.table_hash_ & mask;
  while (slots_[hole] != flow.number_ + 1) hole = (hole + 1) & mask;
  std::size_t at = hole;
  for (;;) {
    slots_[hole] = 0;
    for (;;) {
      at = (at + 1) & mask;
      if (slots_[at] == 0) return;
      const std::size_t home = entries_[slots_[at] - 1]->table_hash_ & mask;
      const bool stays = hole <= at ? (hole < home && home <= at) : (hole < home || home <= at);
      if (!stays) break;
    }
    slots_[hole] = slots_[at];
    hole = at;
  }
}

void FlowTable::link(FlowEntry& flow, std::uint8_t number) noexcept {
  List& list = lists_[number];
  flow.list_ = number;
  flow.previous_ = list.last;
  flow.next_ = 0;
  if (list.last != 0) entries_[list.last - 1]->next_ = flow.number_ + 1;
  else list.first = flow.number_ + 1;
  list.last = flow.number_ + 1;
}

void FlowTable::unlink(FlowEntry& flow) noexcept {
  List& list = lists_[flow.list_];
  if (flow.previous_ != 0) entries_[flow.previous_ - 1]->next_ = flow.next_;
  else list.first = flow.next_;
  if (flow.next_ != 0) entries_[flow.next_ - 1]->previous_ = flow.previous_;
  else list.last = flow.previous_;
}

}  // namespace tocsin::collectors
