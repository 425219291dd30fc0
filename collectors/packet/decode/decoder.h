#pragma once
// Bytes of a frame → Packet. Never recurses: link layers are walked in a loop with a cap, and what a tunnel carries is
// handed back as `Inner` for the caller to decode as a packet of its own. One instance per worker. Costs no allocation.

#include <cstdint>

#include "collectors/packet/capture/frame.h"
#include "collectors/packet/counters.h"
#include "collectors/packet/options.h"
#include "collectors/packet/packet.h"

namespace tocsin::collectors {

// What a tunnel carries.
struct Inner {
  enum class Kind : std::uint8_t { none, ethernet, network };
  Kind kind = Kind::none;
  std::uint16_t ether_type = 0;  // of `network`
  Bytes bytes;
  Tunnel tunnel = Tunnel::ip;
  explicit operator bool() const noexcept { return kind != Kind::none; }
};

// What the defragmenter needs to know of a fragment.
struct FragmentInfo {
  std::uint32_t identification = 0;
  std::uint32_t offset = 0;  // bytes
  bool more = false;
  std::uint8_t protocol = 0;  // what the whole datagram carries
  Bytes data;
  std::size_t header_length = 0;  // of the part before the fragmented one
};

struct Decoded {
  bool understood = false;  // a network header (or ARP) was read
  Inner inner;
  FragmentInfo fragment;  // when the packet is one
};

class Decoder {
 public:
  Decoder(const DecodeOptions& options, PacketCounters& counters) : options_(options), counters_(counters) {}

  // `packet` is reset and filled; views point into the frame.
  Decoded decode(const RawFrame& frame, Packet& packet);
  // A packet inside `outer` (of which it takes time, number, interface and VLANs).
  Decoded decode_inner(const Packet& outer, const Inner& inner, Packet& packet);
  // A datagram made whole by the defragmenter from fragments, the last of which is `last`.
  Decoded decode_datagram(const Packet& last, Bytes datagram, Packet& packet);

 private:
  // The next header to read, while walking.
  struct Walk {
    Packet& packet;
    Decoded& decoded;
    std::uint32_t layers = 0;
  };
  void link(Walk& walk, std::uint32_t link_type, Bytes bytes);
  void ethernet(Walk& walk, Bytes bytes);
  void by_ether_type(Walk& walk, std::uint16_t type, Bytes bytes);
  bool vlan(Walk& walk, std::uint16_t& type, Bytes& bytes);
  bool pppoe(Walk& walk, std::uint16_t& type, Bytes& bytes);
  void pppoe_discovery(Walk& walk, Bytes bytes);
  static bool ppp_known(std::uint16_t protocol) noexcept;
  bool ppp(Walk& walk, std::uint16_t& type, Bytes& bytes);
  bool mpls(Walk& walk, std::uint16_t& type, Bytes& bytes);
  bool nsh(Walk& walk, std::uint16_t& type, Bytes& bytes);
  bool vntag(Walk& walk, std::uint16_t& type, Bytes& bytes);
  bool backbone(Walk& walk, std::uint16_t& type, Bytes& bytes);
  bool fabric_path(Walk& walk, std::uint16_t& type, Bytes& bytes);
  void arp(Walk& walk, Bytes bytes);

  void ipv4(Walk& walk, Bytes bytes);
  void ipv4_options(Packet& packet, Bytes options) const;
  enum class Ipv6OptionHeader : std::uint8_t { hop_by_hop, destination };
  void ipv6_options(Packet& packet, Bytes options, Ipv6OptionHeader header) const;
  void ipv6(Walk& walk, Bytes bytes);
  struct Ipv6Chain {
    std::uint8_t next = 0;
    std::size_t position = 40;
    bool stop = false;  // malformed, or a fragment on its own
    bool fragment_seen = false;
    std::uint8_t routing = 0, hop = 0, destination = 0, authentication = 0;  // how many
  };
  void ipv6_extensions(Walk& walk, Bytes datagram, Ipv6Chain& chain);
  void ipv6_extension(Packet& packet, Bytes header, Ipv6Chain& chain) const;
  void ipv6_fragment(Walk& walk, Bytes datagram, Ipv6Chain& chain);

  void transport(Walk& walk, Bytes bytes);
  void tcp(Walk& walk, Bytes bytes);
  void tcp_options(Packet& packet, Bytes options) const;
  void udp(Walk& walk, Bytes bytes);
  void icmp4(Walk& walk, Bytes bytes);
  void icmp6(Walk& walk, Bytes bytes);
  void sctp(Walk& walk, Bytes bytes);
  void check_transport(Packet& packet, Bytes bytes, PacketEvent event);

  void gre(Walk& walk, Bytes bytes);
  std::size_t gre_header(Walk& walk, Bytes bytes);
  void erspan2(Walk& walk, Bytes bytes);
  void udp_tunnel(Walk& walk);
  void vxlan(Walk& walk);
  void geneve(Walk& walk);
  void teredo(Walk& walk);

  const DecodeOptions& options_;
  PacketCounters& counters_;
  bool checksum_pending_ = false;  // of the frame at hand: the card was to fill it in
};

}  // namespace tocsin::collectors
