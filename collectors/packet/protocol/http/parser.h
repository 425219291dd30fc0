#pragma once
// HTTP/1 over libhtp, configured as Suricata configures it (personality IDS). libhtp's headers stay in the .cpp.

#include <array>
#include <memory>

#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 5> http_ports{80, 8000, 8080, 8888, 3128};
Probe probe_http(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_http_factory(const PacketOptions& options, FieldNames& names);

}  // namespace tocsin::collectors
