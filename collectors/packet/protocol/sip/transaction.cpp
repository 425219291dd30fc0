#include "collectors/packet/protocol/sip/transaction.h"

#include <algorithm>

namespace tocsin::collectors {

namespace {

struct SdpRow {
  Buffer buffer;
  char kind;
  bool of_media;
};
constexpr auto sdp_rows = std::to_array<SdpRow>({
    {Buffer::sdp_origin, 'o', false},
    {Buffer::sdp_session_name, 's', false},
    {Buffer::sdp_session_info, 'i', false},
    {Buffer::sdp_uri, 'u', false},
    {Buffer::sdp_email, 'e', false},
    {Buffer::sdp_phone_number, 'p', false},
    {Buffer::sdp_connection_data, 'c', false},
    {Buffer::sdp_bandwidth, 'b', false},
    {Buffer::sdp_time, 't', false},
    {Buffer::sdp_repeat_time, 'r', false},
    {Buffer::sdp_timezone, 'z', false},
    {Buffer::sdp_encryption_key, 'k', false},
    {Buffer::sdp_attribute, 'a', false},
    {Buffer::sdp_media_media, 'm', true},
    {Buffer::sdp_media_media_info, 'i', true},
    {Buffer::sdp_media_connection_data, 'c', true},
    {Buffer::sdp_media_encryption_key, 'k', true},
});

struct HeaderRow {
  Buffer buffer;
  std::string_view name;
};
constexpr auto header_rows = std::to_array<HeaderRow>({
    {Buffer::sip_from, "from"},
    {Buffer::sip_to, "to"},
    {Buffer::sip_via, "via"},
    {Buffer::sip_user_agent, "user-agent"},
    {Buffer::sip_content_type, "content-type"},
    {Buffer::sip_content_length, "content-length"},
});

}  // namespace

std::optional<Bytes> SipTransaction::line_buffer(Buffer buffer) const {
  if (buffer == Buffer::sip_protocol) return as_bytes(message_.version);
  if (message_.request) {
    switch (buffer) {
      case Buffer::sip_method: return as_bytes(message_.method);
      case Buffer::sip_uri: return as_bytes(message_.uri);
      case Buffer::sip_request_line: return as_bytes(message_.line);
      default: return std::nullopt;
    }
  }
  switch (buffer) {
    case Buffer::sip_stat_code: return as_bytes(message_.code);
    case Buffer::sip_stat_msg: return as_bytes(message_.reason);
    case Buffer::sip_response_line: return as_bytes(message_.line);
    default: return std::nullopt;
  }
}

std::optional<Bytes> SipTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != direction_) return std::nullopt;
  const auto sdp = std::ranges::find(sdp_rows, buffer, &SdpRow::buffer);
  if (sdp != sdp_rows.end()) {
    std::uint32_t left = index;
    for (const auto& line : message_.description)
      if (line.kind == sdp->kind && (line.medium >= 0) == sdp->of_media && left-- == 0) return as_bytes(line.value);
    return std::nullopt;
  }
  const auto header = std::ranges::find(header_rows, buffer, &HeaderRow::buffer);
  if (header != header_rows.end()) {
    const auto* value = message_.find(header->name, index);
    return value == nullptr ? std::nullopt : std::optional(as_bytes(*value));
  }
  return index == 0 ? line_buffer(buffer) : std::nullopt;
}

}  // namespace tocsin::collectors
