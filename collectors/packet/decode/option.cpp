// Options of IPv4 (RFC 791, IANA's ip-parameters) and of IPv6's hop-by-hop and destination headers (RFC 8200 4.2):
// what is wrong with them.

#include "collectors/packet/decode/decoder.h"
#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {
namespace {

struct Ipv4Option {
  std::uint8_t type;
  std::uint8_t least, most;  // length
};
constexpr Ipv4Option ipv4_options_known[]{{7, 3, 255},   {25, 8, 8},     {68, 4, 255}, {130, 11, 11}, {131, 3, 255},
                                          {133, 3, 255}, {134, 10, 255}, {136, 4, 4},  {137, 3, 255}, {148, 4, 4}};

namespace ipv6_option {
constexpr std::uint8_t pad1 = 0, padn = 1, router_alert = 5, jumbo = 0xC2, home_address = 0xC9;
}

}  // namespace

void Decoder::ipv4_options(Packet& packet, Bytes options) const {
  if (options.size() % 8 != 0) mark(packet, PacketEvent::ipv4_opt_pad_required);
  std::uint32_t seen = 0;
  std::size_t at = 0;
  while (at < options.size()) {
    const std::uint8_t type = options[at];
    if (type == 0) return;
    if (type == 1) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size()) return mark(packet, PacketEvent::ipv4_opt_eol_required);
    const std::size_t length = options[at + 1];
    if (length < 2 || at + length > options.size()) {
      mark(packet, PacketEvent::ipv4_opt_invalid_len);
      return mark(packet, PacketEvent::ipv4_option_malformed);
    }
    std::uint32_t bit = 0;
    for (std::size_t i = 0; i < std::size(ipv4_options_known); ++i) {
      const auto& known = ipv4_options_known[i];
      if (known.type != type) continue;
      bit = 1U << i;
      if (length < known.least || length > known.most) mark(packet, PacketEvent::ipv4_opt_invalid_len);
    }
    if (bit == 0) mark(packet, PacketEvent::ipv4_opt_invalid);
    else if ((seen & bit) != 0) mark(packet, PacketEvent::ipv4_opt_duplicate);
    seen |= bit;
    at += length;
  }
}

void Decoder::ipv6_options(Packet& packet, Bytes options, Ipv6OptionHeader header) const {
  const bool hop = header == Ipv6OptionHeader::hop_by_hop;
  bool padding = false, others = false;
  std::size_t at = 0;
  while (at < options.size()) {
    const std::uint8_t type = options[at];
    if (type == ipv6_option::pad1) {
      ++at;
      continue;
    }
    const std::size_t length = at + 1 < options.size() ? options[at + 1] : options.size();
    if (at + 2 + length > options.size()) return mark(packet, PacketEvent::ipv6_exthdr_invalid_optlen);
    std::size_t wanted = length;
    switch (type) {
      case ipv6_option::padn:
        padding = true;
        if (length == 0) mark(packet, PacketEvent::ipv6_zero_len_padn);
        break;
      case ipv6_option::router_alert: wanted = 2; break;
      case ipv6_option::jumbo: wanted = 4; break;
      case ipv6_option::home_address: wanted = 16; break;
      default: mark(packet, hop ? PacketEvent::ipv6_hopopts_unknown_opt : PacketEvent::ipv6_dstopts_unknown_opt); break;
    }
    if (type != ipv6_option::padn) others = true;
    if (length != wanted) mark(packet, PacketEvent::ipv6_exthdr_invalid_optlen);
    at += 2 + length;
  }
  if (padding && !others)
    mark(packet, hop ? PacketEvent::ipv6_hopopts_only_padding : PacketEvent::ipv6_dstopts_only_padding);
}

}  // namespace tocsin::collectors
