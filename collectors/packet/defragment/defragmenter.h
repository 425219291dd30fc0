#pragma once
// IPv4 (RFC 791) and IPv6 (RFC 8200, section 4.5) fragments → whole datagrams. Overlaps are resolved as the receiving
// host would; memory, datagrams under way and fragments of each are capped, and what waits too long is given up.
// One per worker.

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "collectors/packet/counters.h"
#include "collectors/packet/decode/decoder.h"
#include "collectors/packet/options.h"
#include "collectors/packet/stream/segments.h"

namespace tocsin::collectors {

class Defragmenter {
 public:
  Defragmenter(const PacketOptions& options, PacketCounters& counters)
      : options_(options.defragment),
        policies_(options.host_policies),
        vlan_in_key_(options.flow.vlan_in_key),
        counters_(counters),
        pool_(options.defragment.memory_most),
        trackers_(16, KeyHash{options.flow.hash_seed}) {}

  // The whole datagram, network header included, once its last missing piece is here; valid until the second next call.
  // Marks overlaps and refusals on the packet.
  std::optional<Bytes> add(Packet& packet, const FragmentInfo& fragment);
  void expire(Time now);

 private:
  struct Key {
    IpAddress source;
    IpAddress destination;
    std::uint32_t identification = 0;
    std::array<std::uint16_t, 3> vlan{};
    std::uint8_t protocol = 0;
    std::uint8_t tunnel_depth = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::uint64_t seed;
    std::size_t operator()(const Key& key) const noexcept;
  };
  struct Tracker {
    SegmentMap pieces;
    std::vector<std::uint8_t> header;  // of the first fragment
    std::optional<std::uint32_t> total;
    std::size_t fragments = 0;
    std::uint8_t protocol = 0;
    Time first{};
    std::list<Key>::iterator age;
  };
  using Trackers = std::unordered_map<Key, Tracker, KeyHash>;

  Tracker* tracker_of(const Packet& packet, const Key& key);
  bool accept(Packet& packet, Tracker& tracker, const FragmentInfo& fragment, Bytes data);
  static bool overlaps(const Tracker& tracker, std::uint64_t begin, std::uint64_t end) noexcept;
  static bool complete(const Tracker& tracker) noexcept;
  Bytes assemble(const Packet& packet, const Tracker& tracker);
  void drop(Trackers::iterator which);

  const DefragmentOptions& options_;
  const std::vector<HostPolicy>& policies_;
  const bool vlan_in_key_;
  PacketCounters& counters_;
  SegmentPool pool_;
  Trackers trackers_;
  std::list<Key> ages_;  // oldest first
  std::array<std::vector<std::uint8_t>, 2> whole_;
  std::size_t turn_ = 0;
};

}  // namespace tocsin::collectors
