#include "rules/sigma/parse/filter.h"

#include <algorithm>

#include <fmt/format.h>

namespace tocsin::rules::sigma {
namespace {

struct Filter {
  std::vector<std::string> rules;
  bool any = false;
  Expression condition;
  std::optional<Time> expires;
};

Parsed<Filter> parse_filter(const OtherDocument& document, const Placeholders& placeholders) {
  const auto& body = *document.body.find("filter");
  if (!body.is_map()) return refuse("G0501", body.place, "'filter' must be a map.");
  Filter out;
  if (const auto text = document.body.text_of("expires"); !text.empty()) {
    out.expires = parse_time(text.size() == 10 ? std::string(text) + "T00:00:00Z" : std::string(text));
    if (!out.expires)
      return refuse("G0506", body.place, fmt::format("'expires: {}' is not a time.", text),
                    "Write 2026-12-31 or 2026-12-31T18:00:00+07:00.");
  }
  const auto* rules = body.find("rules");
  if (rules == nullptr)
    return refuse("G0502", body.place, "The filter does not say which rules it is for.",
                  "List ids or names under 'rules', or write 'rules: any'.");
  if (rules->is_scalar() && (rules->text == "any" || rules->text.empty())) out.any = true;
  else if (rules->is_scalar()) out.rules.push_back(rules->text);
  for (const auto& item : rules->items) out.rules.push_back(item.text);
  if (rules->is_list() && rules->items.empty()) out.any = true;
  auto detection = parse_detection(body, {"rules"});
  if (!detection) return std::unexpected(std::move(detection.error()));
  auto condition = resolve(*detection);
  if (!condition) return std::unexpected(std::move(condition.error()));
  out.condition = std::move(*condition);
  if (auto expanded = expand_placeholders(out.condition, placeholders); !expanded)
    return std::unexpected(std::move(expanded.error()));
  return out;
}

// Every attribute the filter gives is the rule's.
bool covers(const LogSource& filter, const LogSource& rule) {
  const auto agrees = [](const std::string& a, const std::string& b) { return a.empty() || a == b; };
  return agrees(filter.category, rule.category) && agrees(filter.product, rule.product) &&
         agrees(filter.service, rule.service);
}

bool names_rule(const Filter& filter, const Heading& heading) {
  if (filter.any) return true;
  return std::ranges::any_of(filter.rules, [&](const std::string& name) {
    return name == heading.info.id || (!heading.name.empty() && name == heading.name);
  });
}

void add_condition(DetectionRule& rule, const Expression& condition) {
  Expression both;
  both.kind = Expression::Kind::all;
  both.children.push_back(std::move(rule.expression));
  both.children.push_back(condition);
  rule.expression = std::move(both);
}

// Whose it is and what for, for the message.
std::string about(const OtherDocument& document) {
  std::string out = document.heading.info.title;
  if (const auto owner = document.body.text_of("owner"); !owner.empty()) out += fmt::format(" ({})", owner);
  if (const auto reason = document.body.text_of("reason"); !reason.empty()) out += fmt::format(": {}", reason);
  return out;
}

}  // namespace

bool has_negation(const Expression& e) {
  return e.kind == Expression::Kind::negation || e.item.negated || std::ranges::any_of(e.children, has_negation);
}

std::optional<Time> apply_filters(RuleBook& book, const Placeholders& placeholders, std::optional<Time> now,
                                  Diagnostics& diagnostics) {
  std::optional<Time> first_end;
  for (const auto& document : book.filters) {
    const auto& info = document.heading.info;
    auto filter = parse_filter(document, placeholders);
    if (!filter) {
      report(diagnostics, info.file, info.id, filter.error());
      continue;
    }
    if (now && filter->expires && *now >= *filter->expires) {
      report(diagnostics, info.file, info.id,
             {"G0505", document.heading.place,
              fmt::format("It ended {} and has no effect: {}", render_time(*filter->expires), about(document)),
              "Remove it, or give it another end."},
             Severity::warning);
      continue;
    }
    if (filter->expires) first_end = first_end ? std::min(*first_end, *filter->expires) : filter->expires;
    std::size_t applied = 0;
    for (auto& rule : book.rules) {
      if (!names_rule(*filter, rule.heading) || !covers(document.source, rule.source)) continue;
      add_condition(rule, filter->condition);
      ++applied;
    }
    if (applied == 0)
      report(diagnostics, info.file, info.id,
             {"G0503", document.heading.place, "The filter fits no loaded rule.",
              "Correct its rules or log source, or remove it."},
             Severity::warning);
    if (!has_negation(filter->condition))
      report(
          diagnostics, info.file, info.id,
          {"G0504", document.heading.place, "The filter keeps only what its condition matches, since it has no 'not'.",
           "To take matches away, write 'condition: not …'."},
          Severity::warning);
  }
  return first_end;
}

}  // namespace tocsin::rules::sigma
