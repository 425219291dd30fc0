#include "rules/sigma/explain/describe.h"

#include <array>

#include <fmt/format.h>

namespace tocsin::rules::sigma {
namespace {

constexpr std::array<std::string_view, 5> comparisons{"=", "<", "<=", ">", ">="};
constexpr std::array<std::string_view, 6> parts{"minute", "hour", "day", "week", "month", "year"};

std::string_view sign(Comparison comparison) { return comparisons[static_cast<std::size_t>(comparison)]; }

std::string describe_regex(const Predicate& p) {
  std::string flags;
  if (p.flags.ignore_case) flags += 'i';
  if (p.flags.multiline) flags += 'm';
  if (p.flags.dot_all) flags += 's';
  return fmt::format("matches /{}/{}", p.text, flags);
}

std::string describe_field(const Predicate& p, const std::string& other) {
  if (p.starts && p.ends) return "contains the value of " + other;
  if (p.ends) return "begins with the value of " + other;
  if (p.starts) return "ends with the value of " + other;
  return "is the value of " + other;
}

std::string join(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

}  // namespace

std::string describe(const EventSelector& selector) {
  std::vector<std::string> parts;
  for (const auto event_class : selector.classes)
    parts.push_back("class " + std::string(event_class_name(event_class)));
  if (!selector.datasets.empty()) parts.push_back("dataset " + join(selector.datasets));
  for (const auto& [field, texts] : selector.fields) parts.push_back(field + " " + join(texts));
  return join(parts);
}

std::string describe(const Predicate& p, const std::string& other) {
  switch (p.kind) {
    case Predicate::Kind::present: return "is present";
    case Predicate::Kind::has_value: return "has a value";
    case Predicate::Kind::exact: return fmt::format("is '{}'", p.text);
    case Predicate::Kind::number: return "is " + p.number.render();
    case Predicate::Kind::pattern: return fmt::format("is {}like '{}'", p.cased ? "exactly " : "", p.pattern.render());
    case Predicate::Kind::regex: return describe_regex(p);
    case Predicate::Kind::network: return "is in " + render_network(p.network);
    case Predicate::Kind::compare: return fmt::format("{} {}", sign(p.comparison), p.number.render());
    case Predicate::Kind::time_part:
      return fmt::format("has {} {} {}", parts[static_cast<std::size_t>(p.time_part)], sign(p.comparison),
                         p.number.render());
    case Predicate::Kind::field: return describe_field(p, other);
  }
  return {};
}

}  // namespace tocsin::rules::sigma
