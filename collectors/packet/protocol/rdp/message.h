#pragma once
// What RDP says in the clear: the X.224 connection (MS-RDPBCGR 2.2.1.1, 2.2.1.2) and the client's settings inside the
// MCS Connect Initial (2.2.1.3).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

enum class RdpKind : std::uint8_t {
  initial_request,
  initial_response,
  connect_request,
  connect_response,
  tls_handshake
};
std::string_view rdp_kind_name(RdpKind kind) noexcept;

struct RdpClient {
  std::uint32_t version = 0;
  std::uint16_t width = 0, height = 0;
  std::uint16_t color_depth = 0;  // bits
  std::uint32_t keyboard_layout = 0;
  std::uint32_t build = 0;
  std::string name;
  std::uint32_t keyboard_type = 0, keyboard_subtype = 0, function_keys = 0;
  std::string input_method;
  std::optional<std::uint16_t> product;
  std::optional<std::uint32_t> serial;
  std::uint16_t capabilities = 0;
  std::string id;
};

struct RdpMessage {
  RdpKind kind{};
  std::optional<std::string> cookie;
  std::optional<std::uint8_t> flags;      // of a negotiation
  std::optional<std::uint32_t> protocol;  // chosen by the server
  std::optional<std::uint32_t> error;     // why it refuses
  std::optional<RdpClient> client;
  std::vector<std::string> channels;
  std::vector<std::string> serials;  // of certificates
};

// `bytes` is what a TPKT carries. Nothing: none of these.
std::optional<RdpMessage> parse_rdp(Bytes bytes);

std::string rdp_version_name(std::uint32_t version);
std::string rdp_build_name(std::uint32_t build);
std::string rdp_layout_name(std::uint32_t layout);

}  // namespace tocsin::collectors
