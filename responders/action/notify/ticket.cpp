#include "responders/action/notify/ticket.h"

#include <array>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "responders/action/notify/transfer.h"

namespace tocsin::responders {
namespace {

namespace json = boost::json;

constexpr std::size_t ticket_characters_most = 200;

using Values = std::array<std::pair<std::string_view, std::string_view>, 6>;

Values values_of(const Notice& notice) {
  return {{{"subject", notice.subject},
           {"message", notice.body},
           {"severity", notice.severity},
           {"incident", notice.incident},
           {"host", notice.host},
           {"key", notice.id}}};
}

// What stands in braces is a name and nothing else; other braces are themselves.
template <class Range>
std::string fill(std::string_view text, const Range& values) {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    text.remove_prefix(open);
    bool named = false;
    for (const auto& [name, value] : values)
      if (text.substr(1).starts_with(name) && text.substr(1 + name.size()).starts_with('}')) {
        out += value;
        text.remove_prefix(name.size() + 2);
        named = true;
        break;
      }
    if (named) continue;
    out += '{';
    text.remove_prefix(1);
  }
  return out;
}

void write(JsonWriter& out, const json::value& value, const Values& values) {
  switch (value.kind()) {
    case json::kind::object:
      out.begin_object();
      for (const auto& [name, member] : value.get_object()) {
        out.key(name);
        write(out, member, values);
      }
      out.end_object();
      return;
    case json::kind::array:
      out.begin_array();
      for (const auto& item : value.get_array()) write(out, item, values);
      out.end_array();
      return;
    case json::kind::string: out.value(fill(value.get_string(), values)); return;
    default: out.raw(json::serialize(value));
  }
}

Result<json::value> parse_body(std::string_view body) {
  boost::system::error_code problem;
  json::value value = json::parse(body, problem);
  if (problem || !value.is_object()) return fail(Code::invalid, "a ticket's body must be a JSON object");
  return value;
}

}  // namespace

Result<void> check_ticket_body(std::string_view body) {
  TOCSIN_CHECK(parse_body(body));
  return {};
}

Result<std::string> render_ticket(std::string_view body, const Notice& notice) {
  TOCSIN_TRY(const json::value value, parse_body(body));
  std::string out;
  JsonWriter writer(out);
  write(writer, value, values_of(notice));
  return out;
}

std::string render_find_url(std::string_view url, std::string_view key) {
  const auto escaped = escape_url(key);
  return fill(url, std::array<std::pair<std::string_view, std::string_view>, 1>{{{"key", escaped}}});
}

std::optional<std::string> ticket_in(std::string_view answer, std::string_view pointer) {
  boost::system::error_code problem;
  const json::value value = json::parse(answer, problem);
  if (problem) return std::nullopt;
  const json::value* found = value.find_pointer(pointer, problem);
  if (found == nullptr || problem) return std::nullopt;
  if (found->is_int64() || found->is_uint64()) return json::serialize(*found);
  if (!found->is_string() || found->get_string().empty()) return std::nullopt;
  return escape_terminal(std::string_view(found->get_string()).substr(0, ticket_characters_most));
}

}  // namespace tocsin::responders
