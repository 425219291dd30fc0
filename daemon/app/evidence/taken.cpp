#include "daemon/app/evidence/taken.h"

#include <fmt/format.h>

#include "collectors/packet/packet.h"

namespace tocsin::daemon {
namespace {

std::string_view transport_name(std::uint8_t transport) noexcept {
  switch (transport) {
    case collectors::ip_protocol::tcp: return "tcp";
    case collectors::ip_protocol::udp: return "udp";
    case collectors::ip_protocol::icmp: return "icmp";
    case collectors::ip_protocol::icmpv6: return "icmpv6";
    case collectors::ip_protocol::sctp: return "sctp";
    default: return "ip";
  }
}

}  // namespace

std::string evidence_name(const collectors::Flow& flow) {
  const auto end = [](const collectors::FlowSide& side) {
    auto address = render_address(side.address);
    if (side.port == 0) return address;
    return side.address.is_v4() ? fmt::format("{}:{}", address, side.port) : fmt::format("[{}]:{}", address, side.port);
  };
  return fmt::format("{} {} - {}", transport_name(flow.transport), end(flow.client), end(flow.server));
}

}  // namespace tocsin::daemon
