#include "rules/sigma/parse/correlation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collectors/base/text.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::array<std::string_view, 8> type_names{"event_count",      "value_count", "temporal",
                                                     "temporal_ordered", "value_sum",   "value_avg",
                                                     "value_percentile", "value_median"};
constexpr std::array<std::string_view, 6> relation_names{"eq", "neq", "lt", "lte", "gt", "gte"};
constexpr std::array<std::string_view, 6> relation_signs{"=", "!=", "<", "<=", ">", ">="};
constexpr std::size_t most_rules = 100;

bool is_temporal(CorrelationType type) {
  return type == CorrelationType::temporal || type == CorrelationType::temporal_ordered;
}
bool needs_field(CorrelationType type) { return type != CorrelationType::event_count && !is_temporal(type); }

std::vector<std::string> texts(const Node* node) {
  std::vector<std::string> out;
  if (node == nullptr) return out;
  if (node->is_scalar() && !node->text.empty()) out.push_back(node->text);
  for (const auto& item : node->items)
    if (item.is_scalar()) out.push_back(item.text);
  return out;
}

Parsed<Duration> parse_timespan(const Node& node) {
  struct Unit {
    char letter;
    std::int64_t seconds;
  };
  static constexpr std::array<Unit, 7> units{
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}, {'M', 2629746}, {'y', 31556952}}};
  const auto& text = node.text;
  const auto number = text.empty() ? std::nullopt : parse_unsigned(std::string_view(text).substr(0, text.size() - 1));
  if (number && *number > 0 && *number < 1'000'000)
    for (const auto& unit : units)
      if (unit.letter == text.back()) {
        const auto span = std::chrono::seconds(static_cast<std::int64_t>(*number) * unit.seconds);
        if (span <= std::chrono::hours(24 * 366 * 10)) return Duration(span);
      }
  return refuse("G0402", node.place, fmt::format("'{}' is not a timespan.", text),
                "Write a number and s, m, h or d, for example 10m.");
}

class Reader {
 public:
  Reader(Correlation& out, const Node& body) : out_(out), body_(body) {}

  Parsed<void> read() {
    if (!body_.is_map()) return refuse("G0401", body_.place, "'correlation' must be a map.");
    if (auto done = read_type(); !done) return done;
    if (auto done = read_rules(); !done) return done;
    out_.group_by = texts(body_.find("group-by"));
    const auto* timespan = body_.find("timespan");
    if (timespan == nullptr)
      return refuse("G0402", body_.place, "The correlation has no timespan.", "Write for example 'timespan: 10m'.");
    auto span = parse_timespan(*timespan);
    if (!span) return std::unexpected(std::move(span.error()));
    out_.timespan = *span;
    if (const auto* generate = body_.find("generate"); generate != nullptr) out_.generate = generate->boolean;
    if (auto done = read_aliases(); !done) return done;
    return read_condition();
  }

 private:
  Parsed<void> read_type() {
    const auto name = body_.text_of("type");
    const auto found = std::ranges::find(type_names, name);
    if (found == type_names.end())
      return refuse("G0401", body_.place, fmt::format("There is no correlation type '{}'.", name),
                    fmt::format("Use one of {}.", fmt::join(type_names, ", ")));
    out_.type = static_cast<CorrelationType>(found - type_names.begin());
    return {};
  }

  Parsed<void> read_rules() {
    out_.rules = texts(body_.find("rules"));
    if (out_.rules.size() > most_rules)
      return refuse("G0403", body_.place, "A correlation may name at most 100 rules.");
    const auto* condition = body_.find("condition");
    const bool may_omit = is_temporal(out_.type) && condition != nullptr && condition->is_text();
    if (out_.rules.empty() && !may_omit)
      return refuse("G0403", body_.place, "The correlation names no rules.", "List ids or names under 'rules'.");
    return {};
  }

  Parsed<void> read_aliases() {
    const auto* aliases = body_.find("aliases");
    if (aliases == nullptr) return {};
    for (const auto& [alias, mapping] : aliases->members) {
      if (!mapping.is_map())
        return refuse("G0404", mapping.place, fmt::format("The alias '{}' must map rules to fields.", alias));
      for (const auto& [rule, field] : mapping.members) out_.aliases[alias][rule] = field.text;
    }
    return {};
  }

  Parsed<void> read_condition() {
    const auto* condition = body_.find("condition");
    if (condition == nullptr) {
      if (!is_temporal(out_.type))
        return refuse("G0405", body_.place, "The correlation has no condition.",
                      "Write for example 'condition: {gte: 5}'.");
      out_.thresholds.push_back({Relation::greater_equal, static_cast<double>(out_.rules.size())});
      return {};
    }
    if (condition->is_text()) return read_extended(*condition);
    if (!condition->is_map()) return refuse("G0405", condition->place, "The condition must be a map such as {gte: 5}.");
    return read_thresholds(*condition);
  }

  Parsed<void> read_extended(const Node& condition) {
    if (!is_temporal(out_.type))
      return refuse("G0405", condition.place, "Only temporal correlations may combine rules in a condition.");
    const bool named = !out_.rules.empty();
    if (!named) out_.rules = identifiers(condition.text);
    auto parsed = parse_condition(condition.text, out_.rules, condition.place);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    for (const auto& rule : out_.rules)
      if (!mentions(*parsed, rule))
        return refuse("G0405", condition.place, fmt::format("The condition does not mention the rule '{}'.", rule),
                      "Remove it from 'rules' or use it.");
    out_.extended = std::move(*parsed);
    return {};
  }

  static std::vector<std::string> identifiers(std::string_view text) {
    std::vector<std::string> out;
    std::string word;
    const auto flush = [&] {
      const bool keyword = word == "and" || word == "or" || word == "not" || word.empty();
      if (!keyword && std::ranges::find(out, word) == out.end()) out.push_back(word);
      word.clear();
    };
    for (const char c : text) {
      if (c == ' ' || c == '(' || c == ')' || c == '\n' || c == '\t') flush();
      else word += c;
    }
    flush();
    return out;
  }

  static bool mentions(const Condition& condition, const std::string& rule) {
    if (condition.identifier == rule) return true;
    return std::ranges::any_of(condition.children, [&](const Condition& child) { return mentions(child, rule); });
  }

  Parsed<void> read_thresholds(const Node& condition) {
    for (const auto& [key, value] : condition.members) {
      if (key == "field") {
        out_.fields = texts(&value);
        continue;
      }
      if (key == "percentile") {
        if (!is_number(value) || value.real < 0 || value.real > 100)
          return refuse("G0405", value.place, "The percentile must be a number from 0 to 100.");
        out_.percentile = value.real;
        continue;
      }
      const auto relation = std::ranges::find(relation_names, key);
      if (relation == relation_names.end())
        return refuse("G0405", value.place, fmt::format("'{}' is not known in a correlation condition.", key),
                      "Use gt, gte, lt, lte, eq, neq, field or percentile.");
      if (!is_number(value)) return refuse("G0405", value.place, fmt::format("'{}' must be a number.", value.text));
      out_.thresholds.push_back({static_cast<Relation>(relation - relation_names.begin()), value.real});
    }
    if (out_.thresholds.empty() || out_.thresholds.size() > 2)
      return refuse("G0405", condition.place, "The condition must compare with one number, or two for a range.");
    if (needs_field(out_.type) && out_.fields.empty())
      return refuse("G0406", condition.place, "This type of correlation needs a field.", "Add 'field: …'.");
    if (out_.type != CorrelationType::value_count && out_.fields.size() > 1)
      return refuse("G0406", condition.place, "Only value_count may name several fields.");
    return {};
  }

  static bool is_number(const Node& node) { return node.kind == Node::Kind::integer || node.kind == Node::Kind::real; }

  Correlation& out_;
  const Node& body_;
};

bool has_negation(const Condition& condition) {
  return condition.kind == Condition::Kind::negation || std::ranges::any_of(condition.children, has_negation);
}

bool is_upper(Relation relation) { return relation == Relation::less || relation == Relation::less_equal; }

}  // namespace

std::string_view correlation_type_name(CorrelationType type) noexcept {
  return type_names[static_cast<std::size_t>(type)];
}
std::string_view relation_sign(Relation relation) noexcept {
  return relation_signs[static_cast<std::size_t>(relation)];
}

bool Threshold::holds(double number) const noexcept {
  switch (relation) {
    case Relation::equal: return number == value;
    case Relation::not_equal: return number != value;
    case Relation::less: return number < value;
    case Relation::less_equal: return number <= value;
    case Relation::greater: return number > value;
    case Relation::greater_equal: return number >= value;
  }
  return false;
}

bool Correlation::holds(double number) const {
  return std::ranges::all_of(thresholds, [&](const Threshold& t) { return t.holds(number); });
}

bool Correlation::judged_at_close() const {
  if (extended) return has_negation(*extended);
  return std::ranges::all_of(thresholds, [](const Threshold& t) { return is_upper(t.relation); });
}

bool Correlation::judges_silence() const {
  return !extended && thresholds.size() == 1 && thresholds[0].relation == Relation::equal && thresholds[0].value == 0;
}

const std::string& Correlation::field_of(const std::string& group_field, const std::string& rule) const {
  const auto alias = aliases.find(group_field);
  if (alias == aliases.end()) return group_field;
  const auto field = alias->second.find(rule);
  return field == alias->second.end() ? group_field : field->second;
}

Parsed<Correlation> parse_correlation(const OtherDocument& document) {
  Correlation out;
  out.heading = document.heading;
  const auto& body = *document.body.find("correlation");
  if (auto done = Reader(out, body).read(); !done) return std::unexpected(std::move(done.error()));
  // The specification has `generate` at the top of the document, the tools inside: both are taken.
  if (const auto* generate = document.body.find("generate"); generate != nullptr && generate->boolean)
    out.generate = true;
  return out;
}

}  // namespace tocsin::rules::sigma
