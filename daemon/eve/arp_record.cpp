// arp: RFC 826, Ethernet and IPv4 only, which is all that the decoder hands on.

#include <algorithm>
#include <array>

#include "daemon/eve/observer.h"

namespace tocsin::daemon {

void EveObserver::write_arp(const collectors::Packet& packet) {
  static constexpr std::uint16_t arp = 0x0806;
  if (packet.ether_type != arp || packet.payload.size() < 28) return;
  const Bytes b = packet.payload;
  const auto mac = [&](std::size_t at) {
    MacAddress out{};
    std::copy_n(b.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
    return render_mac(out);
  };
  static constexpr std::array<std::string_view, 11> names{
      "unknown",     "request",     "reply",         "rarp_request", "rarp_reply", "drarp_request",
      "drarp_reply", "drarp_error", "inarp_request", "inarp_reply",  "arp_nak"};
  const std::size_t operation = static_cast<std::size_t>((b[6] << 8) | b[7]);
  write("arp", {&packet, nullptr, EveEnds::packet}, [&](JsonWriter& json) {
    json.key("arp").begin_object();
    json.member("hw_type", "ethernet").member("proto_type", "ipv4");
    json.member("opcode", operation < names.size() ? names[operation] : names[0]);
    json.member("src_mac", mac(8)).member("src_ip", render_address(packet.source));
    json.member("dest_mac", mac(18)).member("dest_ip", render_address(packet.destination));
    json.end_object();
  });
}

}  // namespace tocsin::daemon
