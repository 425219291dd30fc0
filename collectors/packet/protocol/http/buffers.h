#pragma once
// Inspection buffers of HTTP/1. Progress of either side: 1 line, 2 headers, 3 body, 4 trailer, 5 complete.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace http_progress {
inline constexpr std::uint8_t line = 1, headers = 2, body = 3, trailer = 4, complete = 5;
}

inline constexpr std::array http_buffers{
    BufferRow{Buffer::http_uri, "http.uri", Protocol::http, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::http_uri_raw, "http.uri.raw", Protocol::http, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::http_method, "http.method", Protocol::http, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::http_protocol, "http.protocol", Protocol::http, BufferSide::both, 1, false, false},
    BufferRow{Buffer::http_request_line, "http.request_line", Protocol::http, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::http_response_line, "http.response_line", Protocol::http, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::http_header, "http.header", Protocol::http, BufferSide::both, 2, false, false},
    BufferRow{Buffer::http_header_raw, "http.header.raw", Protocol::http, BufferSide::both, 2, false, false},
    BufferRow{Buffer::http_header_names, "http.header_names", Protocol::http, BufferSide::both, 2, false, false},
    BufferRow{Buffer::http_cookie, "http.cookie", Protocol::http, BufferSide::both, 2, false, false},
    BufferRow{Buffer::http_user_agent, "http.user_agent", Protocol::http, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::http_host, "http.host", Protocol::http, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::http_host_raw, "http.host.raw", Protocol::http, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::http_referer, "http.referer", Protocol::http, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::http_accept, "http.accept", Protocol::http, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::http_accept_lang, "http.accept_lang", Protocol::http, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::http_accept_enc, "http.accept_enc", Protocol::http, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::http_connection, "http.connection", Protocol::http, BufferSide::both, 2, false, false},
    BufferRow{Buffer::http_content_type, "http.content_type", Protocol::http, BufferSide::both, 2, false, false},
    BufferRow{Buffer::http_content_len, "http.content_len", Protocol::http, BufferSide::both, 2, false, false},
    BufferRow{Buffer::http_server, "http.server", Protocol::http, BufferSide::to_client, 2, false, false},
    BufferRow{Buffer::http_location, "http.location", Protocol::http, BufferSide::to_client, 2, false, false},
    BufferRow{Buffer::http_start, "http.start", Protocol::http, BufferSide::both, 2, false, false},
    BufferRow{Buffer::http_request_body, "http.request_body", Protocol::http, BufferSide::to_server, 3, false, true},
    BufferRow{Buffer::http_response_body, "http.response_body", Protocol::http, BufferSide::to_client, 3, false, true},
    BufferRow{Buffer::http_stat_code, "http.stat_code", Protocol::http, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::http_stat_msg, "http.stat_msg", Protocol::http, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::http_request_header, "http.request_header", Protocol::http, BufferSide::to_server, 2, true,
              false},
    BufferRow{Buffer::http_response_header, "http.response_header", Protocol::http, BufferSide::to_client, 2, true,
              false},
    BufferRow{Buffer::file_data, "file.data", Protocol::http, BufferSide::both, 3, true, true},
    BufferRow{Buffer::file_name, "file.name", Protocol::http, BufferSide::both, 3, true, false},
};

}  // namespace tocsin::collectors
