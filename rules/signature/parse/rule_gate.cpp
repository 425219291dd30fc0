#include "rules/signature/parse/rule_gate.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "collectors/base/text.h"

namespace tocsin::rules::signature {
namespace {

// The digits of `name:` as an option, 0 when there is none.
std::uint64_t find_number(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const auto before = trim(text.substr(0, at));
    if (before.empty() || (before.back() != ';' && before.back() != '(')) continue;
    const auto rest = trim(text.substr(at + name.size()));
    if (!rest.starts_with(':')) continue;
    const auto value = trim(rest.substr(1, rest.find(';') - 1));
    if (const auto number = parse_unsigned(value)) return *number;
  }
  return 0;
}

}  // namespace

std::string find_rule_id(std::string_view text) {
  const auto sid = find_number(text, "sid");
  if (sid == 0) return {};
  const auto gid = find_number(text, "gid");
  return std::to_string(gid == 0 ? 1 : gid) + ":" + std::to_string(sid);
}

std::string_view commented_rule(std::string_view body) {
  while (!body.empty() && (body.front() == '#' || body.front() == ' ' || body.front() == '\t')) body.remove_prefix(1);
  const auto word = body.substr(0, body.find_first_of(" \t"));
  static constexpr std::array<std::string_view, 5> actions{"alert", "drop", "pass", "reject", "config"};
  if (std::ranges::find(actions, word) == actions.end() || !body.ends_with(')')) return {};
  return find_number(body, "sid") == 0 ? std::string_view{} : body;
}

}  // namespace tocsin::rules::signature
