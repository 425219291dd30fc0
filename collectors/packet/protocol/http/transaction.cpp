#include "collectors/packet/protocol/http/transaction.h"

#include "collectors/base/text.h"

namespace tocsin::collectors {

const HttpHeader* HttpSide::find(std::string_view name) const noexcept {
  for (const auto& header : headers)
    if (equals_ignoring_case(header.name, name)) return &header;
  return nullptr;
}

namespace {

std::optional<Bytes> if_any(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(as_bytes(text));
}

// The header that a buffer is the value of; empty for buffers of another kind.
std::string_view header_of(Buffer buffer, Direction direction) noexcept {
  switch (buffer) {
    case Buffer::http_cookie: return direction == Direction::to_server ? "Cookie" : "Set-Cookie";
    case Buffer::http_user_agent: return "User-Agent";
    case Buffer::http_referer: return "Referer";
    case Buffer::http_accept: return "Accept";
    case Buffer::http_accept_lang: return "Accept-Language";
    case Buffer::http_accept_enc: return "Accept-Encoding";
    case Buffer::http_connection: return "Connection";
    case Buffer::http_content_type: return "Content-Type";
    case Buffer::http_content_len: return "Content-Length";
    case Buffer::http_server: return "Server";
    case Buffer::http_location: return "Location";
    default: return {};
  }
}

}  // namespace

std::optional<Bytes> HttpTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  const HttpSide& mine = side(direction);
  if (mine.progress < http_progress::line) return std::nullopt;
  switch (buffer) {
    case Buffer::http_request_body:
    case Buffer::http_response_body:
    case Buffer::file_data:
    case Buffer::file_name: return body_buffer(buffer, direction, index);
    case Buffer::http_request_header:
    case Buffer::http_response_header: {
      const bool of_request = buffer == Buffer::http_request_header;
      if (of_request != (direction == Direction::to_server) || mine.progress < http_progress::headers ||
          index >= mine.headers.size())
        return std::nullopt;
      auto& lines = derived_[collectors::index(direction)].make().lines;
      if (lines.size() != mine.headers.size()) {
        lines.clear();
        for (const auto& header : mine.headers) lines.push_back(header.name + ": " + header.value);
      }
      return as_bytes(lines[index]);
    }
    default: break;
  }
  if (index != 0) return std::nullopt;
  if (const auto found = line_buffer(buffer, direction)) return found;
  return mine.progress >= http_progress::headers ? header_buffer(buffer, direction) : std::nullopt;
}

std::optional<Bytes> HttpTransaction::line_buffer(Buffer buffer, Direction direction) const {
  const bool request = direction == Direction::to_server;
  const HttpSide& mine = side(direction);
  switch (buffer) {
    case Buffer::http_uri: return request ? if_any(uri) : std::nullopt;
    case Buffer::http_uri_raw: return request ? if_any(uri_raw) : std::nullopt;
    case Buffer::http_method: return request ? if_any(method) : std::nullopt;
    case Buffer::http_protocol: return if_any(mine.protocol);
    case Buffer::http_request_line: return request ? if_any(mine.line) : std::nullopt;
    case Buffer::http_response_line: return request ? std::nullopt : if_any(mine.line);
    case Buffer::http_stat_code: return request ? std::nullopt : if_any(status_text);
    case Buffer::http_stat_msg: return request ? std::nullopt : if_any(status_message);
    default: return std::nullopt;
  }
}

std::optional<Bytes> HttpTransaction::header_buffer(Buffer buffer, Direction direction) const {
  const HttpSide& mine = side(direction);
  switch (buffer) {
    case Buffer::http_host: return direction == Direction::to_server ? if_any(host) : std::nullopt;
    case Buffer::http_host_raw: return direction == Direction::to_server ? if_any(host_raw) : std::nullopt;
    case Buffer::http_header: return if_any(header_text(direction));
    case Buffer::http_header_raw: return if_any(mine.header_raw);
    case Buffer::http_header_names: return if_any(names_text(direction));
    case Buffer::http_start: return if_any(start_text(direction));
    default: break;
  }
  const auto name = header_of(buffer, direction);
  if (name.empty()) return std::nullopt;
  const auto* header = mine.find(name);
  return header == nullptr ? std::nullopt : std::optional(as_bytes(header->value));
}

std::optional<Bytes> HttpTransaction::body_buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  const HttpSide& mine = side(direction);
  if (mine.progress < http_progress::body) return std::nullopt;
  const bool request = direction == Direction::to_server;
  switch (buffer) {
    case Buffer::http_request_body:
      return request && index == 0 && !mine.body.empty() ? std::optional(Bytes(mine.body)) : std::nullopt;
    case Buffer::http_response_body:
      return !request && index == 0 && !mine.body.empty() ? std::optional(Bytes(mine.body)) : std::nullopt;
    case Buffer::file_data:
      if (!mine.files.empty() && !mine.files.front().data.empty())
        return index < mine.files.size() ? std::optional(Bytes(mine.files[index].data)) : std::nullopt;
      return index == 0 && !mine.body.empty() ? std::optional(Bytes(mine.body)) : std::nullopt;
    case Buffer::file_name:
      return index < mine.files.size() ? std::optional(as_bytes(mine.files[index].name)) : std::nullopt;
    default: return std::nullopt;
  }
}

std::optional<std::uint64_t> HttpTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (index != 0) return std::nullopt;
  if (buffer == Buffer::http_stat_code && direction == Direction::to_client && status != 0) return status;
  if (buffer == Buffer::http_content_len) {
    const auto* header = side(direction).find("Content-Length");
    return header == nullptr ? std::nullopt : parse_unsigned(trim(header->value));
  }
  return std::nullopt;
}

// "Name: value\r\n" each, cookies left out (they have a buffer of their own), an empty line at the end.
const std::string& HttpTransaction::header_text(Direction direction) const {
  auto& text = derived_[collectors::index(direction)].make().header;
  if (text) return *text;
  text.emplace();
  const auto& headers = side(direction).headers;
  const std::string_view cookie = direction == Direction::to_server ? "Cookie" : "Set-Cookie";
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (equals_ignoring_case(headers[i].name, cookie)) continue;
    *text += headers[i].name + ": " + headers[i].value + "\r\n";
    if (i + 1 == headers.size()) *text += "\r\n";
  }
  return *text;
}

// "\r\nHost\r\nUser-Agent\r\n\r\n"
const std::string& HttpTransaction::names_text(Direction direction) const {
  auto& text = derived_[collectors::index(direction)].make().names;
  if (text) return *text;
  text.emplace("\r\n");
  for (const auto& header : side(direction).headers) *text += header.name + "\r\n";
  *text += "\r\n";
  return *text;
}

const std::string& HttpTransaction::start_text(Direction direction) const {
  auto& text = derived_[collectors::index(direction)].make().start;
  if (text) return *text;
  text.emplace(side(direction).line + "\r\n");
  for (const auto& header : side(direction).headers) *text += header.name + ": " + header.value + "\r\n";
  *text += "\r\n";
  return *text;
}

}  // namespace tocsin::collectors
