#include "collectors/packet/protocol/http2/transaction.h"

#include <algorithm>

#include "collectors/base/text.h"
#include "collectors/packet/packet_event.h"
#include "collectors/packet/protocol/http2/buffers.h"

namespace tocsin::collectors {
namespace {

constexpr std::string_view protocol_text = "HTTP/2";

// Of frames that have such a number, the index-th.
template <class Get>
std::optional<std::uint64_t> nth(const std::vector<Http2Frame>& frames, std::uint32_t index, Get get) {
  for (const auto& frame : frames)
    if (const auto value = get(frame); value && index-- == 0) return *value;
  return std::nullopt;
}

}  // namespace

void Http2Transaction::raise(PacketEvent event) { events.set(static_cast<std::size_t>(event)); }

const std::string* Http2Transaction::field_value(Direction direction, std::string_view name) const noexcept {
  for (const auto& field : side(direction).fields)
    if (!field.table_size && equals_ignoring_case(field.name, name)) return &field.value;
  return nullptr;
}

std::string_view Http2Transaction::file_name() const noexcept {
  const auto* path = field_value(Direction::to_server, ":path");
  if (path == nullptr) return {};
  return std::string_view(*path).substr(0, path->find('?'));
}

void Http2Transaction::headers_done(Direction direction) {
  auto& own = side(direction);
  own.has_headers = true;
  own.header.clear();
  own.lines.clear();
  own.names = "\r\n";
  for (const auto& field : own.fields) {
    if (field.table_size) continue;
    const std::size_t start = own.header.size();
    own.header += field.name + ": " + field.value;
    own.lines.emplace_back(start, own.header.size() - start);
    own.header += "\r\n";
    own.names += field.name + "\r\n";
  }
  own.names += "\r\n";
  if (direction == Direction::to_client) {
    const auto* status = field_value(direction, ":status");
    own.first_line = status == nullptr ? std::string{} : std::string(protocol_text) + " " + *status + "\r\n";
    return;
  }
  const auto* method = field_value(direction, ":method");
  const auto* path = field_value(direction, ":path");
  if (method != nullptr && path != nullptr)
    own.first_line = *method + " " + *path + " " + std::string(protocol_text) + "\r\n";
  const auto* authority = field_value(direction, ":authority");
  const auto* host = field_value(direction, "host");
  const auto* named = authority != nullptr ? authority : host;
  if (named != nullptr) host_ = lower_ascii(*named);
  if (authority != nullptr && host != nullptr && !equals_ignoring_case(*authority, *host))
    raise(PacketEvent::http2_authority_host_mismatch);
  if (authority != nullptr && authority->find('@') != std::string::npos) raise(PacketEvent::http2_userinfo_in_uri);
}

std::uint8_t Http2Transaction::progress(Direction direction) const {
  const auto& own = side(direction);
  if (own.ended) return http2_progress::complete;
  if (own.body.began()) return http2_progress::body;
  return own.has_headers ? http2_progress::headers : http2_progress::begun;
}

bool Http2Transaction::complete(Direction direction) const { return side(direction).ended; }

std::optional<Bytes> Http2Transaction::field_buffer(Direction direction, std::string_view name) const {
  const auto* value = field_value(direction, name);
  return value == nullptr ? std::nullopt : std::optional(as_bytes(*value));
}

// Buffers that are one field, or made of all of them.
std::optional<Bytes> Http2Transaction::named_buffer(Buffer buffer, Direction direction) const {
  const auto& own = side(direction);
  const bool to_server = direction == Direction::to_server;
  const auto made = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(as_bytes(text)); };
  switch (buffer) {
    case Buffer::http_uri:
    case Buffer::http_uri_raw: return field_buffer(direction, ":path");
    case Buffer::http_method: return field_buffer(direction, ":method");
    case Buffer::http_stat_code: return field_buffer(direction, ":status");
    case Buffer::http_stat_msg: return own.has_headers && !to_server ? std::optional(Bytes{}) : std::nullopt;
    case Buffer::http_header:
    case Buffer::http_header_raw: return made(own.header);
    case Buffer::http_header_names: return own.lines.empty() ? std::nullopt : made(own.names);
    case Buffer::http_host: return to_server ? made(host_) : std::nullopt;
    case Buffer::http_host_raw: {
      const auto authority = field_buffer(direction, ":authority");
      return authority ? authority : field_buffer(direction, "host");
    }
    case Buffer::http_cookie:
      return field_buffer(direction, direction == Direction::to_server ? "cookie" : "set-cookie");
    case Buffer::http_user_agent: return field_buffer(direction, "user-agent");
    case Buffer::http_referer: return field_buffer(direction, "referer");
    case Buffer::http_accept: return field_buffer(direction, "accept");
    case Buffer::http_accept_lang: return field_buffer(direction, "accept-language");
    case Buffer::http_accept_enc: return field_buffer(direction, "accept-encoding");
    case Buffer::http_connection: return field_buffer(direction, "connection");
    case Buffer::http_content_type: return field_buffer(direction, "content-type");
    case Buffer::http_content_len: return field_buffer(direction, "content-length");
    case Buffer::http_server: return field_buffer(direction, "server");
    case Buffer::http_location: return field_buffer(direction, "location");
    case Buffer::http_request_line: return to_server ? made(own.first_line) : std::nullopt;
    case Buffer::http_response_line: return to_server ? std::nullopt : made(own.first_line);
    case Buffer::file_name: return own.body.began() ? std::optional(as_bytes(file_name())) : std::nullopt;
    default: return std::nullopt;
  }
}

std::optional<Bytes> Http2Transaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  const auto& own = side(direction);
  switch (buffer) {
    case Buffer::http_protocol: return index == 0 ? std::optional(as_bytes(protocol_text)) : std::nullopt;
    case Buffer::http_request_header:
    case Buffer::http_response_header:
      if (index >= own.lines.size()) return std::nullopt;
      return as_bytes(own.header).subspan(own.lines[index].first, own.lines[index].second);
    case Buffer::http2_header_name: {
      std::uint32_t left = index;
      for (const auto& field : own.fields)
        if (!field.table_size && left-- == 0) return as_bytes(field.name);
      return std::nullopt;
    }
    case Buffer::http_request_body:
    case Buffer::http_response_body:
    case Buffer::file_data: return index == 0 && own.body.began() ? std::optional(own.body.kept()) : std::nullopt;
    default: break;
  }
  if (own.dns)
    if (const auto found = own.dns->buffer(buffer, direction, index)) return found;
  return index == 0 ? named_buffer(buffer, direction) : std::nullopt;
}

std::optional<std::uint64_t> Http2Transaction::number_of(Buffer buffer, Direction direction,
                                                         std::uint32_t index) const {
  const auto& own = side(direction);
  using Number = std::optional<std::uint64_t>;
  switch (buffer) {
    case Buffer::http2_frametype: return nth(own.frames, index, [](const Http2Frame& f) { return Number(f.type); });
    case Buffer::http2_errorcode:
      return nth(own.frames, index, [](const Http2Frame& f) { return f.error ? Number(*f.error) : std::nullopt; });
    case Buffer::http2_priority:
      return nth(own.frames, index, [](const Http2Frame& f) { return f.weight ? Number(*f.weight) : std::nullopt; });
    case Buffer::http2_window:
      return nth(own.frames, index, [](const Http2Frame& f) { return f.window ? Number(*f.window) : std::nullopt; });
    case Buffer::http2_settings: {
      std::uint32_t left = index;
      for (const auto& frame : own.frames)
        for (const auto& [id, value] : frame.settings)
          if (left-- == 0) return (std::uint64_t{id} << 32U) | value;
      return std::nullopt;
    }
    case Buffer::http2_size_update: {
      std::uint32_t left = index;
      for (const auto& field : own.fields)
        if (field.table_size && left-- == 0) return *field.table_size;
      return std::nullopt;
    }
    default: return own.dns ? own.dns->number_of(buffer, direction, index) : std::nullopt;
  }
}

}  // namespace tocsin::collectors
