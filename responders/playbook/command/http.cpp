#include "responders/playbook/command/http.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

enum class BodyKind : std::uint8_t { json, form, xml, plain };

bool is_token(std::string_view text) noexcept {
  constexpr std::string_view more = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           more.find(c) != std::string_view::npos;
  });
}

// RFC 3986 section 2.3.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) out += c;
    else out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// "." and ".." would walk up the path, whatever the author wrote around them.
Result<std::string> in_target(const Value& value, std::string_view) {
  if (value.text == "." || value.text == "..")
    return fail(Code::denied, "a value of \".\" or \"..\" changes the path of a request");
  return percent_encoded(value.text);
}

Result<std::string> in_header(const Value& value, std::string_view) {
  if (has_control(value.text)) return fail(Code::denied, "a value with a line break or control character in a header");
  return value.text;
}

// Is the end of this JSON text inside a string?
bool in_json_string(std::string_view before) noexcept {
  bool inside = false;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == '\\' && inside) ++i;
    else if (before[i] == '"') inside = !inside;
  }
  return inside;
}

Result<std::string> in_json(const Value& value, std::string_view before) {
  std::string quoted;
  append_json_string(quoted, value.text);
  if (in_json_string(before)) return quoted.substr(1, quoted.size() - 2);
  switch (value.type) {
    case VariableType::boolean:
    case VariableType::integer:
    case VariableType::long_integer:
    case VariableType::dictionary: return value.text;
    default: return quoted;
  }
}

Result<std::string> in_xml(const Value& value, std::string_view) { return escape_html(value.text); }
Result<std::string> in_form(const Value& value, std::string_view) { return percent_encoded(value.text); }
Result<std::string> in_plain(const Value& value, std::string_view) {
  if (has_control(value.text)) return fail(Code::denied, "a value with a line break in a body of unknown kind");
  return value.text;
}

BodyKind kind_of(const std::vector<std::pair<std::string, std::string>>& headers, std::string_view body) {
  for (const auto& [name, value] : headers) {
    if (!equals_ignoring_case(name, "content-type")) continue;
    const std::string type = lower_ascii(value);
    if (type.find("json") != std::string::npos) return BodyKind::json;
    if (type.find("x-www-form-urlencoded") != std::string::npos) return BodyKind::form;
    if (type.find("xml") != std::string::npos || type.find("html") != std::string::npos) return BodyKind::xml;
    return BodyKind::plain;
  }
  const std::string_view text = trim(body);
  return text.starts_with('{') || text.starts_with('[') ? BodyKind::json : BodyKind::plain;
}

}  // namespace

HttpText compile_http(std::string_view start_line, std::vector<std::pair<std::string, std::string>> headers,
                      std::string_view body) {
  HttpText out;
  const auto first = start_line.find(' ');
  const auto last = start_line.rfind(' ');
  if (first == std::string_view::npos || last <= first + 1 || has_control(start_line)) {
    out.unsafe = "its start line is not \"METHOD /target HTTP/x.y\"";
    return out;
  }
  out.method = start_line.substr(0, first);
  const std::string_view target = start_line.substr(first + 1, last - first - 1);
  out.target = Template(target);
  out.body = Template(body);
  if (!is_token(out.method)) out.unsafe = "its method is no word";
  if (!target.starts_with('/') || target.starts_with("//") || target.find_first_of(" #\\") != std::string_view::npos)
    out.unsafe = "its target must be a path on the agent or target, such as /api/v1/block";
  for (const auto& [name, value] : headers) {
    const bool ours = equals_ignoring_case(name, "host") || equals_ignoring_case(name, "content-length") ||
                      equals_ignoring_case(name, "transfer-encoding") || equals_ignoring_case(name, "connection");
    if (!is_token(name) || has_control(value)) out.unsafe = fmt::format("its header \"{}\" is malformed", name);
    else if (!ours) out.headers.emplace_back(name, Template(value));  // those are told by the address and the body
  }
  return out;
}

Result<HttpMessage> fill_http(const HttpText& text, const Lookup& lookup) {
  if (!text.unsafe.empty()) return fail(Code::denied, text.unsafe);
  HttpMessage out;
  out.method = text.method;
  TOCSIN_TRY(out.target, text.target.fill(lookup, in_target));
  for (const auto& [name, value] : text.headers) {
    TOCSIN_TRY(std::string filled, value.fill(lookup, in_header));
    out.headers.emplace_back(name, std::move(filled));
  }
  const auto kind = kind_of(out.headers, text.body.show(lookup));
  TOCSIN_TRY(out.body, text.body.fill(lookup, kind == BodyKind::json   ? in_json
                                              : kind == BodyKind::form ? in_form
                                              : kind == BodyKind::xml  ? in_xml
                                                                       : in_plain));
  return out;
}

bool is_host_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 253 && name.front() != '-' && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
         });
}

}  // namespace tocsin::responders
