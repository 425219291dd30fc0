#include "collectors/packet/protocol/sip/message.h"

#include <algorithm>
#include <array>

#include "collectors/base/text.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t headers_most = 256, description_most = 512;
constexpr std::string_view version_mark = "SIP/2.0";

// RFC 3261, section 7.3.3.
constexpr std::array<std::pair<char, std::string_view>, 10> short_names{{{'c', "content-type"},
                                                                         {'e', "content-encoding"},
                                                                         {'f', "from"},
                                                                         {'i', "call-id"},
                                                                         {'k', "supported"},
                                                                         {'l', "content-length"},
                                                                         {'m', "contact"},
                                                                         {'s', "subject"},
                                                                         {'t', "to"},
                                                                         {'v', "via"}}};

bool is_method_char(char c) noexcept { return (c >= 'A' && c <= 'Z') || c == '_' || c == '-'; }

// Up to the end of the line; the rest begins after it.
std::string_view take_line(std::string_view& rest) noexcept {
  const auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string header_name(std::string_view name) {
  if (name.size() == 1)
    for (const auto& [letter, full] : short_names)
      if (to_lower_ascii(name[0]) == letter) return std::string(full);
  return lower_ascii(name);
}

bool parse_line(std::string_view line, SipMessage& out) {
  out.line = line;
  const auto first = line.find(' ');
  if (first == std::string_view::npos) return false;
  const auto second = line.find(' ', first + 1);
  if (line.starts_with("SIP/")) {
    out.request = false;
    out.version = line.substr(0, first);
    out.code = line.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
    if (second != std::string_view::npos) out.reason = line.substr(second + 1);
    return out.code.size() == 3 && std::ranges::all_of(out.code, [](char c) { return c >= '0' && c <= '9'; });
  }
  if (second == std::string_view::npos) return false;
  out.method = line.substr(0, first);
  out.uri = line.substr(first + 1, second - first - 1);
  out.version = line.substr(second + 1);
  return std::ranges::all_of(out.method, is_method_char) && out.version.starts_with("SIP/");
}

}  // namespace

const std::string* SipMessage::find(std::string_view name, std::size_t index) const noexcept {
  for (const auto& header : headers)
    if (header.name == name && index-- == 0) return &header.value;
  return nullptr;
}

SipLook look_at_sip(Bytes bytes) noexcept {
  const auto text = as_text(bytes);
  if (text.empty()) return SipLook::more;
  const auto common = std::min(text.size(), version_mark.size());
  if (text.substr(0, common) == version_mark.substr(0, common))
    return common < version_mark.size() ? SipLook::more : SipLook::response;
  static constexpr std::size_t method_most = 32, line_most = 2'048;
  const auto blank = text.substr(0, method_most).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_-");
  if (blank == std::string_view::npos) return text.size() < method_most ? SipLook::more : SipLook::no;
  if (blank < 3 || text[blank] != ' ') return SipLook::no;
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return text.size() < line_most ? SipLook::more : SipLook::no;
  auto line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line.ends_with(" SIP/2.0") ? SipLook::request : SipLook::no;
}

std::size_t sip_head_size(Bytes bytes) noexcept {
  const auto text = as_text(bytes);
  const auto whole = text.find("\r\n\r\n");
  const auto bare = text.find("\n\n");
  if (whole == std::string_view::npos && bare == std::string_view::npos) return 0;
  return whole < bare ? whole + 4 : bare + 2;
}

std::optional<SipMessage> parse_sip_head(Bytes head) {
  auto rest = as_text(head);
  SipMessage out;
  if (!parse_line(take_line(rest), out)) return std::nullopt;
  while (!rest.empty() && out.headers.size() < headers_most) {
    const auto line = take_line(rest);
    if (line.empty()) break;
    if ((line[0] == ' ' || line[0] == '\t') && !out.headers.empty()) {  // goes on
      out.headers.back().value += ' ';
      out.headers.back().value += trim(line);
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    out.headers.push_back({header_name(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
  }
  return out;
}

std::optional<std::size_t> sip_body_size(const SipMessage& message) noexcept {
  const auto* value = message.find("content-length");
  if (value == nullptr) return std::nullopt;
  const auto size = parse_unsigned(*value);
  if (!size || *size > 0xFFFFFFFF) return std::nullopt;
  return static_cast<std::size_t>(*size);
}

void parse_sdp(Bytes body, SipMessage& message) {
  auto rest = as_text(body);
  int medium = -1;
  while (!rest.empty() && message.description.size() < description_most) {
    const auto line = take_line(rest);
    if (line.size() < 2 || line[1] != '=') continue;
    if (line[0] == 'm') ++medium;
    message.description.push_back({line[0], medium, std::string(line.substr(2))});
  }
}

}  // namespace tocsin::collectors
