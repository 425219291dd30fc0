#include "rules/sigma/evaluate/render_tree.h"

#include <array>
#include <set>

namespace tocsin::rules::sigma {
namespace {

constexpr std::array<std::string_view, 5> comparison_names{"eq", "lt", "lte", "gt", "gte"};
constexpr std::array<std::string_view, 6> part_names{"minute", "hour", "day", "week", "month", "year"};

void append_number(JsonWriter& json, std::string_view key, const Number& number) {
  if (number.is_real) json.member(key, number.real);
  else json.member(key, number.integer);
}

void append_pattern(JsonWriter& json, const Pattern& pattern) {
  json.key("str").begin_array();
  for (const auto& part : pattern.parts()) {
    switch (part.kind) {
      case PatternPart::Kind::literal: json.value(part.text); break;
      case PatternPart::Kind::any_run: json.begin_object().member("w", "*").end_object(); break;
      case PatternPart::Kind::any_one: json.begin_object().member("w", "?").end_object(); break;
      case PatternPart::Kind::placeholder: json.begin_object().member("ph", part.text).end_object(); break;
    }
  }
  json.end_array();
}

void append_regex(JsonWriter& json, const Term& term) {
  std::string text;
  for (const auto& part : term.pattern.parts())
    text += part.kind == PatternPart::Kind::placeholder ? '%' + part.text + '%' : part.text;
  json.member("re", text);
  json.key("flags").begin_array();
  if (term.flags.dot_all) json.value("dotall");
  if (term.flags.ignore_case) json.value("ignorecase");
  if (term.flags.multiline) json.value("multiline");
  json.end_array();
}

void append_comparison(JsonWriter& json, const Term& term) {
  append_number(json, comparison_names[static_cast<std::size_t>(term.comparison)], term.number);
}

// Names of the parts of times that comparisons are about.
void collect_parts(const std::vector<Term>& terms, std::set<std::string_view>& parts) {
  for (const auto& term : terms) {
    if (term.kind == Term::Kind::time_part && term.comparison != Comparison::equal)
      parts.insert(part_names[static_cast<std::size_t>(*term.time_part)]);
    collect_parts(term.alternatives, parts);
  }
}

}  // namespace

void append_json(JsonWriter& json, const Term& term) {
  json.begin_object();
  switch (term.kind) {
    case Term::Kind::null: json.member("null", true); break;
    case Term::Kind::boolean: json.member("bool", term.boolean); break;
    case Term::Kind::number: append_number(json, "num", term.number); break;
    case Term::Kind::text:
      if (term.cased) json.member("cased", term.pattern.render());
      else append_pattern(json, term.pattern);
      break;
    case Term::Kind::regex: append_regex(json, term); break;
    case Term::Kind::network:
      json.member("cidr", render_address(term.network.base) + '/' + std::to_string(term.network.prefix));
      break;
    case Term::Kind::exists: json.member("exists", term.boolean); break;
    case Term::Kind::field:
      json.member("fieldref", term.pattern.literal_text()).member("starts", term.starts).member("ends", term.ends);
      break;
    case Term::Kind::compare: append_comparison(json, term); break;
    case Term::Kind::time_part:
      if (term.comparison != Comparison::equal) {
        append_comparison(json, term);
        break;
      }
      json.member("timepart", part_names[static_cast<std::size_t>(*term.time_part)]);
      append_number(json, "n", term.number);
      break;
    case Term::Kind::any:
      json.key("any").begin_array();
      for (const auto& alternative : term.alternatives) append_json(json, alternative);
      json.end_array();
      break;
  }
  json.end_object();
}

void append_json(JsonWriter& json, const Item& item) {
  json.begin_object();
  json.key("values").begin_array();
  for (const auto& term : item.terms) append_json(json, term);
  json.end_array();
  json.member("link", item.all ? "and" : "or").member("neg", item.negated);
  std::set<std::string_view> parts;
  collect_parts(item.terms, parts);
  if (!parts.empty()) {
    json.key("timeparts").begin_array();
    for (const auto part : parts) json.value(part);
    json.end_array();
  }
  json.end_object();
}

}  // namespace tocsin::rules::sigma
