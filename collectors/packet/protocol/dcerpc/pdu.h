#pragma once
// DCE/RPC protocol data units, connection-oriented version 5 and connectionless version 4 (The Open Group C706, chapter
// 12; MS-RPCE). Pure functions over hostile bytes; views point into the input.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

namespace dcerpc_type {
inline constexpr std::uint8_t request = 0, ping = 1, response = 2, fault = 3, bind = 11, bind_ack = 12, bind_nak = 13,
                              alter_context = 14, alter_context_response = 15, auth3 = 16, shutdown = 17, cancel = 18,
                              orphaned = 19;
}

using Uuid = std::array<std::uint8_t, 16>;  // in the order it is written
std::string render_uuid(const Uuid& uuid);

struct DcerpcHeader {
  static constexpr std::size_t size = 16;
  std::uint8_t version_minor = 0;
  std::uint8_t type = 0;
  bool first_fragment = false;
  bool last_fragment = false;
  bool has_object = false;
  bool little = true;        // byte order of the numbers that follow
  std::uint16_t length = 0;  // of the whole unit
  std::uint16_t auth_length = 0;
  std::uint32_t call_id = 0;
};
// The first 16 bytes of a version 5 unit; nothing when they cannot be that.
std::optional<DcerpcHeader> parse_dcerpc_header(Bytes bytes) noexcept;
// Sent by a server.
bool is_dcerpc_answer(std::uint8_t type) noexcept;

struct DcerpcInterface {
  Uuid uuid{};
  std::uint16_t version = 0;
  std::uint16_t version_minor = 0;
  std::uint16_t context = 0;
  bool acknowledged = false;
  std::uint16_t result = 0;  // 0: accepted
  std::uint16_t reason = 0;
};

// Bodies: what follows the 16 bytes. At most 64 items are read.
std::optional<std::vector<DcerpcInterface>> parse_dcerpc_bind(Bytes body, bool little);
struct DcerpcResult {
  std::uint16_t result = 0;
  std::uint16_t reason = 0;
};
std::optional<std::vector<DcerpcResult>> parse_dcerpc_bind_ack(Bytes body, bool little);
struct DcerpcRequest {
  std::uint16_t context = 0;
  std::uint16_t opnum = 0;
  Bytes stub;  // with the object's UUID before it, if there is one
};
std::optional<DcerpcRequest> parse_dcerpc_request(const DcerpcHeader& header, Bytes body);
std::optional<Bytes> parse_dcerpc_response(Bytes body) noexcept;  // its stub

// Version 4, one datagram.
struct DcerpcDatagram {
  static constexpr std::size_t size = 80;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;  // bit 1: last fragment, bit 2: fragment
  bool little = true;
  Uuid object{};
  Uuid interface_{};
  Uuid activity{};
  std::uint32_t interface_version = 0;
  std::uint32_t sequence = 0;
  std::uint16_t opnum = 0;
  std::uint16_t fragment = 0;
  Bytes stub;
};
std::optional<DcerpcDatagram> parse_dcerpc_datagram(Bytes bytes);

// "BIND", "REQUEST" …; nothing for types nobody defined.
std::string_view dcerpc_type_name(std::uint8_t type) noexcept;

}  // namespace tocsin::collectors
