#include "rules/signature/match/http_part.h"

#include "collectors/base/text.h"

namespace tocsin::rules::signature {
namespace {

using Out = std::vector<std::uint8_t>;

void append(Out& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }

struct Uri {
  std::string_view scheme, authority, path, query, fragment;
  bool has_query = false, has_fragment = false;
};

Uri split_uri(std::string_view text) noexcept {
  Uri out;
  if (const auto hash = text.find('#'); hash != std::string_view::npos) {
    out.has_fragment = true;
    out.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  if (const auto mark = text.find('?'); mark != std::string_view::npos) {
    out.has_query = true;
    out.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  if (const auto colon = text.find("://"); colon != std::string_view::npos && text.find('/') > colon) {
    out.scheme = text.substr(0, colon);
    text = text.substr(colon + 3);
    const auto slash = text.find('/');
    out.authority = text.substr(0, slash);
    text = slash == std::string_view::npos ? std::string_view{} : text.substr(slash);
  }
  out.path = text;
  return out;
}

}  // namespace

bool header_field(Bytes headers, std::string_view name, Out& out) {
  bool found = false;
  std::string_view rest = as_text(headers);
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !equals_ignoring_case(trim(line.substr(0, colon)), name)) continue;
    if (found) append(out, ", ");
    append(out, trim(line.substr(colon + 1)));
    found = true;
  }
  return found;
}

bool uri_part(Bytes uri, UriPart part, Out& out) {
  const Uri parts = split_uri(as_text(uri));
  const auto colon = parts.authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && parts.authority.find(']', colon) == std::string_view::npos;
  std::string_view text;
  bool there = false;
  switch (part) {
    case UriPart::scheme: text = parts.scheme, there = !text.empty(); break;
    case UriPart::host:
      text = parts.authority.substr(0, has_port ? colon : parts.authority.size()), there = !text.empty();
      break;
    case UriPart::port: text = has_port ? parts.authority.substr(colon + 1) : text, there = has_port; break;
    case UriPart::path: text = parts.path, there = !text.empty(); break;
    case UriPart::query: text = parts.query, there = parts.has_query; break;
    case UriPart::fragment: text = parts.fragment, there = parts.has_fragment; break;
  }
  append(out, text);
  return there;
}

bool uri_parameter(Bytes uri, std::string_view name, bool nocase, Out& out) {
  bool found = false;
  std::string_view rest = split_uri(as_text(uri)).query;
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const std::string_view item = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const auto equals = item.find('=');
    const auto key = item.substr(0, equals);
    if (nocase ? !equals_ignoring_case(key, name) : key != name) continue;
    if (found) out.push_back(',');
    if (equals != std::string_view::npos) append(out, item.substr(equals + 1));
    found = true;
  }
  return found;
}

}  // namespace tocsin::rules::signature
