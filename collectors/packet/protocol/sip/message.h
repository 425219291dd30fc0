#pragma once
// SIP messages (RFC 3261 section 7) and the session description in their bodies (RFC 8866). Pure functions over hostile
// bytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct SipHeader {
  std::string name;  // lower case, short forms written out
  std::string value;
};

struct SdpLine {
  char kind = 0;    // 'o', 's', 'm' …
  int medium = -1;  // which media description it belongs to; -1: the session
  std::string value;
};

struct SipMessage {
  bool request = true;
  std::string line;  // the first one, without its end
  std::string method, uri, version;
  std::string code, reason;
  std::vector<SipHeader> headers;
  std::vector<SdpLine> description;

  // The index-th value of a header; null past the last.
  const std::string* find(std::string_view name, std::size_t index = 0) const noexcept;
};

// How a message begins: a request line or a status line, as far as it is there.
enum class SipLook : std::uint8_t { no, more, request, response };
SipLook look_at_sip(Bytes bytes) noexcept;

// First line and headers, up to and with the empty line; the size of all that, 0 when the empty line is not there.
std::size_t sip_head_size(Bytes bytes) noexcept;
std::optional<SipMessage> parse_sip_head(Bytes head);
// Of the header Content-Length; nothing without one.
std::optional<std::size_t> sip_body_size(const SipMessage& message) noexcept;
void parse_sdp(Bytes body, SipMessage& message);

}  // namespace tocsin::collectors
