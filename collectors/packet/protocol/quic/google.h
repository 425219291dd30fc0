#pragma once
// The hello of Google's QUIC (versions Q039 to Q046), which travelled in the clear: tags and their values.
// https://docs.google.com/document/d/1g5nIXAIkN_Y-7XJW5K45IblHd_L2f5LTaDUDwvZ5L6g

#include <optional>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct GoogleHello {
  std::string server_name;
  std::string user_agent;
  std::vector<std::string> tags;  // in the order sent
};

// The version and what follows the packet's header; nothing when this is no such packet.
std::optional<std::uint32_t> google_quic_version(Bytes datagram);
std::optional<GoogleHello> parse_google_hello(Bytes datagram);
// CYU fingerprint: version and tags
// (https://engineering.salesforce.com/gquic-protocol-analysis-and-fingerprinting-in-zeek).
std::string cyu_text(std::uint32_t version, const GoogleHello& hello);

}  // namespace tocsin::collectors
