#pragma once
// Inspection buffers of HTTP/2 and of DNS over it. Progress: 1 begun, 2 headers, 3 body, 4 complete.

#include <array>

#include "collectors/packet/buffer.h"
#include "collectors/packet/protocol/dns/buffers.h"

namespace tocsin::collectors {

namespace http2_progress {
inline constexpr std::uint8_t begun = 1, headers = 2, body = 3, complete = 4;
}

constexpr auto http2_buffers_of(Protocol protocol) {
  using namespace http2_progress;
  const auto row = [&](Buffer buffer, std::string_view name, BufferSide side, std::uint8_t progress,
                       bool multiple = false, bool growing = false) {
    return BufferRow{buffer, name, protocol, side, progress, multiple, growing};
  };
  using enum BufferSide;
  return std::array{
      row(Buffer::http_uri, "http.uri", to_server, headers),
      row(Buffer::http_uri_raw, "http.uri.raw", to_server, headers),
      row(Buffer::http_method, "http.method", to_server, headers),
      row(Buffer::http_protocol, "http.protocol", both, begun),
      row(Buffer::http_request_line, "http.request_line", to_server, headers),
      row(Buffer::http_response_line, "http.response_line", to_client, headers),
      row(Buffer::http_header, "http.header", both, headers),
      row(Buffer::http_header_raw, "http.header.raw", both, headers),
      row(Buffer::http_header_names, "http.header_names", both, headers),
      row(Buffer::http_cookie, "http.cookie", both, headers),
      row(Buffer::http_user_agent, "http.user_agent", to_server, headers),
      row(Buffer::http_host, "http.host", to_server, headers),
      row(Buffer::http_host_raw, "http.host.raw", to_server, headers),
      row(Buffer::http_referer, "http.referer", to_server, headers),
      row(Buffer::http_accept, "http.accept", to_server, headers),
      row(Buffer::http_accept_lang, "http.accept_lang", to_server, headers),
      row(Buffer::http_accept_enc, "http.accept_enc", to_server, headers),
      row(Buffer::http_connection, "http.connection", both, headers),
      row(Buffer::http_content_type, "http.content_type", both, headers),
      row(Buffer::http_content_len, "http.content_len", both, headers),
      row(Buffer::http_server, "http.server", to_client, headers),
      row(Buffer::http_location, "http.location", to_client, headers),
      row(Buffer::http_stat_code, "http.stat_code", to_client, headers),
      row(Buffer::http_stat_msg, "http.stat_msg", to_client, headers),
      row(Buffer::http_request_header, "http.request_header", to_server, headers, true),
      row(Buffer::http_response_header, "http.response_header", to_client, headers, true),
      row(Buffer::http_request_body, "http.request_body", to_server, body, false, true),
      row(Buffer::http_response_body, "http.response_body", to_client, body, false, true),
      row(Buffer::file_data, "file.data", both, body, false, true),
      row(Buffer::file_name, "file.name", both, headers),
      row(Buffer::http2_frametype, "http2.frametype", both, begun, true),
      row(Buffer::http2_errorcode, "http2.errorcode", both, begun, true),
      row(Buffer::http2_priority, "http2.priority", both, begun, true),
      row(Buffer::http2_window, "http2.window", both, begun, true),
      row(Buffer::http2_size_update, "http2.size_update", both, headers, true),
      row(Buffer::http2_settings, "http2.settings", both, begun, true),
      row(Buffer::http2_header_name, "http2.header_name", both, headers, true),
  };
}

inline constexpr auto http2_buffers = http2_buffers_of(Protocol::http2);

// All of HTTP/2's, and DNS's once the message is whole.
inline constexpr auto doh2_buffers = [] {
  constexpr auto http = http2_buffers_of(Protocol::doh2);
  std::array<BufferRow, http.size() + dns_buffers.size()> out{};
  std::size_t at = 0;
  for (const auto& row : http) out[at++] = row;
  for (auto row : dns_buffers) {
    row.protocol = Protocol::doh2;
    row.progress = http2_progress::complete;
    out[at++] = row;
  }
  return out;
}();

}  // namespace tocsin::collectors
