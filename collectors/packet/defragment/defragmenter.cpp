#include "collectors/packet/defragment/defragmenter.h"

#include <algorithm>

#include "collectors/base/digest.h"
#include "collectors/packet/decode/checksum.h"
#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t datagram_most = 65'535;

PacketEvent of_version(const Packet& packet, PacketEvent v4, PacketEvent v6) noexcept {
  return packet.ip_version == 4 ? v4 : v6;
}

}  // namespace

std::size_t Defragmenter::KeyHash::operator()(const Key& key) const noexcept {
  const std::uint64_t rest = (std::uint64_t{key.identification} << 32) | (std::uint64_t{key.vlan[0]} << 16) |
                             (std::uint64_t{key.protocol} << 8) | key.tunnel_depth;
  std::array<std::uint8_t, 41> text{};
  const Bytes source = key.source.bytes();
  const Bytes destination = key.destination.bytes();
  std::ranges::copy(source, text.begin());
  std::ranges::copy(destination, text.begin() + 16);
  for (std::size_t i = 0; i < 8; ++i) text[32 + i] = static_cast<std::uint8_t>(rest >> (8 * i));
  return hash64(Bytes(text), seed);
}

std::optional<Bytes> Defragmenter::add(Packet& packet, const FragmentInfo& fragment) {
  ++counters_.fragments;
  Key key{packet.source, packet.destination, fragment.identification, {}, 0, 0};
  // In IPv6 the identification alone belongs to the pair of addresses (RFC 8200); in IPv4 the protocol counts too.
  if (packet.ip_version == 4) key.protocol = fragment.protocol;
  if (vlan_in_key_) std::copy_n(packet.vlan.begin(), packet.vlan_count, key.vlan.begin());
  key.tunnel_depth = static_cast<std::uint8_t>(std::min<std::uint32_t>(packet.tunnel_depth, 255));

  Bytes data = fragment.data;
  if (fragment.more) data = data.first(data.size() & ~std::size_t{7});
  // In IPv6 the length speaks of what follows the header (RFC 8200, section 4.5).
  const std::size_t header = packet.ip_version == 4 ? fragment.header_length : 0;
  if (fragment.offset + data.size() + header > datagram_most) {
    mark(packet, of_version(packet, PacketEvent::ipv4_fragment_too_large, PacketEvent::ipv6_fragment_too_large));
    ++counters_.fragments_refused;
    return std::nullopt;
  }
  Tracker* tracker = tracker_of(packet, key);
  if (!accept(packet, *tracker, fragment, data)) {
    mark(packet, of_version(packet, PacketEvent::ipv4_fragment_ignored, PacketEvent::ipv6_fragment_ignored));
    ++counters_.fragments_refused;
    return std::nullopt;
  }
  counters_.fragment_memory = pool_.memory();
  if (!complete(*tracker)) return std::nullopt;
  const Bytes datagram = assemble(packet, *tracker);
  drop(trackers_.find(key));
  ++counters_.fragments_reassembled;
  return datagram;
}

Defragmenter::Tracker* Defragmenter::tracker_of(const Packet& packet, const Key& key) {
  auto found = trackers_.find(key);
  if (found != trackers_.end() && packet.time - found->second.first > options_.timeout) {
    ++counters_.fragments_timed_out;
    drop(found);
    found = trackers_.end();
  }
  if (found != trackers_.end()) return &found->second;
  if (trackers_.size() >= options_.datagrams_most) {
    ++counters_.fragments_timed_out;
    drop(trackers_.find(ages_.front()));
  }
  Tracker& fresh = trackers_[key];
  fresh.first = packet.time;
  fresh.age = ages_.insert(ages_.end(), key);
  return &fresh;
}

bool Defragmenter::overlaps(const Tracker& tracker, std::uint64_t begin, std::uint64_t end) noexcept {
  return std::ranges::any_of(tracker.pieces, [&](const auto& piece) {
    return piece.first < end && begin < piece.first + piece.second.data.size();
  });
}

bool Defragmenter::accept(Packet& packet, Tracker& tracker, const FragmentInfo& fragment, Bytes data) {
  if (++tracker.fragments > options_.fragments_each_most || (data.empty() && fragment.more)) return false;
  const auto end = static_cast<std::uint32_t>(fragment.offset + data.size());
  if (tracker.total && (end > *tracker.total || (!fragment.more && end != *tracker.total))) return false;
  if (!fragment.more) {
    if (!tracker.pieces.empty()) {
      const auto& [offset, last] = *tracker.pieces.rbegin();
      if (offset + last.data.size() > end) {
        if (overlaps(tracker, fragment.offset, end))
          mark(packet, of_version(packet, PacketEvent::ipv4_fragment_overlap, PacketEvent::ipv6_fragment_overlap));
        return false;
      }
    }
    tracker.total = end;
  }
  if (fragment.offset == 0 && tracker.header.empty()) {
    const Bytes header = packet.ip_header.first(packet.ip_version == 4 ? packet.ip_header.size() : 40);
    tracker.header.assign(header.begin(), header.end());
    tracker.protocol = fragment.protocol;
  }
  const auto outcome =
      insert_segment(tracker.pieces, pool_, fragment.offset, data, policy_for(policies_, packet.destination));
  if (outcome.overlap)
    mark(packet, of_version(packet, PacketEvent::ipv4_fragment_overlap, PacketEvent::ipv6_fragment_overlap));
  return !outcome.refused;
}

bool Defragmenter::complete(const Tracker& tracker) noexcept {
  if (!tracker.total || tracker.header.empty()) return false;
  std::uint64_t expected = 0;
  for (const auto& [offset, piece] : tracker.pieces) {
    if (offset != expected) return false;
    expected += piece.data.size();
  }
  return expected == *tracker.total;
}

Bytes Defragmenter::assemble(const Packet& packet, const Tracker& tracker) {
  auto& whole = whole_[turn_];
  turn_ = 1 - turn_;
  whole = tracker.header;
  for (const auto& [offset, piece] : tracker.pieces) whole.insert(whole.end(), piece.data.begin(), piece.data.end());
  const auto put16 = [&](std::size_t at, std::size_t number) {
    whole[at] = static_cast<std::uint8_t>(number >> 8);
    whole[at + 1] = static_cast<std::uint8_t>(number);
  };
  if (packet.ip_version == 4) {
    put16(2, whole.size());
    put16(6, 0);
    put16(10, 0);
    put16(10, static_cast<std::uint16_t>(~checksum_sum(Bytes(whole).first(tracker.header.size()))));
  } else {  // extension headers before the fragment header are left out: they were for the way
    put16(4, whole.size() - 40);
    whole[6] = tracker.protocol;
  }
  return whole;
}

void Defragmenter::drop(Trackers::iterator which) {
  if (which == trackers_.end()) return;
  pool_.clear(which->second.pieces);
  ages_.erase(which->second.age);
  trackers_.erase(which);
  counters_.fragment_memory = pool_.memory();
}

void Defragmenter::expire(Time now) {
  while (!ages_.empty()) {
    const auto oldest = trackers_.find(ages_.front());
    if (now - oldest->second.first <= options_.timeout) return;
    ++counters_.fragments_timed_out;
    drop(oldest);
  }
}

}  // namespace tocsin::collectors
