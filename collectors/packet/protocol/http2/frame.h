#pragma once
// Frames of HTTP/2: RFC 9113 sections 4 and 6.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

enum class Http2FrameType : std::uint8_t {
  data,
  headers,
  priority,
  reset_stream,
  settings,
  push_promise,
  ping,
  go_away,
  window_update,
  continuation,
};

struct Http2FrameHeader {
  static constexpr std::size_t size = 9;
  std::uint32_t length = 0;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;

  bool is(Http2FrameType wanted) const noexcept { return type == static_cast<std::uint8_t>(wanted); }
};
namespace http2_flag {
inline constexpr std::uint8_t end_stream = 0x01, ack = 0x01, end_headers = 0x04, padded = 0x08, priority = 0x20;
}
// Nine bytes at least.
Http2FrameHeader parse_http2_frame_header(Bytes bytes) noexcept;

// What rules and records see of a frame. Header fields and bodies are kept by the stream.
struct Http2Frame {
  std::uint8_t type = 0;
  std::optional<std::uint32_t> error;   // reset_stream, go_away
  std::optional<std::uint8_t> weight;   // priority
  std::optional<std::uint32_t> window;  // window_update
  std::vector<std::pair<std::uint16_t, std::uint32_t>> settings;
};
// Nothing: the length is wrong for its type.
std::optional<Http2Frame> parse_http2_frame(const Http2FrameHeader& header, Bytes payload);

struct Http2Name {
  std::uint32_t number;
  std::string_view rule;    // as rules write it: "INTERNAL_ERROR"
  std::string_view record;  // as records do: "INTERNALERROR"
};
std::span<const Http2Name> http2_frame_names() noexcept;
std::span<const Http2Name> http2_error_names() noexcept;
std::span<const Http2Name> http2_setting_names() noexcept;

inline constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace tocsin::collectors
