#include "rules/sigma/parse/modifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "collectors/base/base64.h"
#include "collectors/base/text.h"
#include "rules/sigma/parse/encode.h"
#include "rules/sigma/parse/regex.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::size_t most_dash_variants = 5 * 5 * 5 * 5;
constexpr std::size_t most_values = 50'000;

// State while the modifiers of one item are applied, left to right.
struct Chain {
  Item item;
  std::size_t position = 0;  // of the modifier being applied
  std::size_t count = 0;
  bool after_regex = false;  // flags i, m, s are allowed
};

std::string_view kind_name(Term::Kind kind) {
  static constexpr std::array<std::string_view, 11> names{
      "null",   "a boolean",         "a number",     "text",        "a regular expression", "a network",
      "exists", "a field reference", "a comparison", "a time part", "several values"};
  return names[static_cast<std::size_t>(kind)];
}

using Apply = Parsed<void> (*)(Chain&, const Node& raw, std::string_view name);
struct Row {
  ModifierRow shown;
  Apply apply;
};

std::unexpected<Problem> wrong_type(const Chain& chain, std::string_view name, const Term& term) {
  return refuse("G0203", chain.item.place,
                fmt::format("The modifier '{}' cannot be applied to {}.", name, kind_name(term.kind)),
                "Quote the value, or use another modifier.");
}

// Calls `change` for every term, down into alternatives.
template <class Change>
Parsed<void> for_each_term(std::vector<Term>& terms, Change&& change) {
  for (auto& term : terms) {
    if (term.kind == Term::Kind::any) {
      if (auto done = for_each_term(term.alternatives, change); !done) return done;
    } else if (auto done = change(term); !done) {
      return done;
    }
  }
  return {};
}

// Opens a regular expression at its start or end unless it is anchored or open there.
void open_regex(Term& term, bool start, bool end) {
  auto text = term.pattern.render();
  if (term.pattern.is_literal()) text = term.pattern.literal_text();
  if (text.empty()) return;
  if (start && !text.starts_with(".*") && text[0] != '^')
    term.pattern = [&] {
      Pattern open = Pattern::literal(".*");
      open.append(term.pattern);
      return open;
    }();
  if (end && !text.ends_with(".*") && text.back() != '$') term.pattern.append(Pattern::literal(".*"));
}

Parsed<void> check_regex(const Chain& chain, const Term& term) {
  if (term.pattern.has_placeholder()) return {};
  Regex compiled;
  if (auto reason = compile_regex(term.pattern.literal_text(), term.flags, compiled))
    return refuse("G0204", chain.item.place,
                  fmt::format("The regular expression '{}' is not valid: {}.", term.pattern.literal_text(), *reason),
                  "Correct the expression.");
  return {};
}

Parsed<void> open(Chain& chain, std::string_view name, bool start, bool end) {
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    if (term.kind == Term::Kind::text) {
      if (start) term.pattern.open_start();
      if (end) term.pattern.open_end();
      return {};
    }
    if (term.kind == Term::Kind::regex) {
      open_regex(term, start, end);
      return check_regex(chain, term);
    }
    if (term.kind == Term::Kind::field) {
      term.starts = term.starts || end;  // `startswith` opens the end: the value starts with the other one
      term.ends = term.ends || start;
      return {};
    }
    return wrong_type(chain, name, term);
  });
}

Parsed<void> apply_contains(Chain& c, const Node&, std::string_view n) { return open(c, n, true, true); }
Parsed<void> apply_startswith(Chain& c, const Node&, std::string_view n) { return open(c, n, false, true); }
Parsed<void> apply_endswith(Chain& c, const Node&, std::string_view n) { return open(c, n, true, false); }

Parsed<void> apply_all(Chain& chain, const Node&, std::string_view) {
  chain.item.all = true;
  return {};
}

Parsed<void> apply_neq(Chain& chain, const Node&, std::string_view) {
  chain.item.negated = true;
  return {};
}

Parsed<void> apply_cased(Chain& chain, const Node&, std::string_view name) {
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    if (term.kind != Term::Kind::text) return wrong_type(chain, name, term);
    term.cased = true;
    return {};
  });
}

std::unexpected<Problem> must_be_first(const Chain& chain, std::string_view name) {
  return refuse("G0202", chain.item.place, fmt::format("The modifier '{}' must be the first one.", name),
                "Change the order of the modifiers.");
}

// A regular expression is taken as written, so the raw scalar is read again.
std::string raw_text(const Node& scalar) {
  if (scalar.kind == Node::Kind::null) return "None";
  if (scalar.kind == Node::Kind::boolean) return scalar.boolean ? "True" : "False";
  return scalar.text;
}

Parsed<void> apply_re(Chain& chain, const Node& raw, std::string_view name) {
  if (chain.position != 0) return must_be_first(chain, name);
  chain.after_regex = true;
  const std::span<const Node> scalars = raw.is_list() ? std::span<const Node>(raw.items) : std::span(&raw, 1);
  for (std::size_t i = 0; i < chain.item.terms.size(); ++i) {
    Term term;
    term.kind = Term::Kind::regex;
    term.pattern = Pattern::literal(i < scalars.size() ? raw_text(scalars[i]) : std::string());
    if (auto valid = check_regex(chain, term); !valid) return valid;
    chain.item.terms[i] = std::move(term);
  }
  return {};
}

Parsed<void> regex_flag(Chain& chain, std::string_view name, bool RegexFlags::* flag) {
  if (!chain.after_regex)
    return refuse("G0202", chain.item.place, fmt::format("The flag '{}' only stands right after 're'.", name),
                  "Write it as 're|" + std::string(name) + "'.");
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    if (term.kind != Term::Kind::regex) return wrong_type(chain, name, term);
    term.flags.*flag = true;
    return check_regex(chain, term);
  });
}
Parsed<void> apply_i(Chain& c, const Node&, std::string_view n) { return regex_flag(c, n, &RegexFlags::ignore_case); }
Parsed<void> apply_m(Chain& c, const Node&, std::string_view n) { return regex_flag(c, n, &RegexFlags::multiline); }
Parsed<void> apply_s(Chain& c, const Node&, std::string_view n) { return regex_flag(c, n, &RegexFlags::dot_all); }

Parsed<void> apply_cidr(Chain& chain, const Node&, std::string_view name) {
  if (chain.position != 0) return must_be_first(chain, name);
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    if (term.kind != Term::Kind::text) return wrong_type(chain, name, term);
    const auto text = term.pattern.render();
    const auto network = parse_network(text, HostBits::refuse);
    if (!network)
      return refuse("G0205", chain.item.place, fmt::format("'{}' is not a network in CIDR notation.", text),
                    "Write it as 10.0.0.0/8 or 2001:db8::/32; bits after the prefix must be zero.");
    term = Term();
    term.kind = Term::Kind::network;
    term.network = *network;
    return {};
  });
}

std::unexpected<Problem> no_wildcards(const Chain& chain, std::string_view name) {
  return refuse("G0206", chain.item.place, fmt::format("The modifier '{}' does not allow wildcards.", name),
                "Escape * and ? with a backslash.");
}

Parsed<void> apply_base64(Chain& chain, const Node&, std::string_view name) {
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    if (term.kind != Term::Kind::text) return wrong_type(chain, name, term);
    if (!term.pattern.is_literal()) return no_wildcards(chain, name);
    term.pattern = Pattern::literal(to_base64(term.pattern.literal_text()));
    return {};
  });
}

Parsed<void> apply_base64offset(Chain& chain, const Node&, std::string_view name) {
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    if (term.kind != Term::Kind::text) return wrong_type(chain, name, term);
    if (!term.pattern.is_literal()) return no_wildcards(chain, name);
    Term any;
    any.kind = Term::Kind::any;
    for (const auto& encoded : base64_offsets(term.pattern.literal_text())) {
      Term one = term;
      one.pattern = Pattern::literal(encoded);
      any.alternatives.push_back(std::move(one));
    }
    term = std::move(any);
    return {};
  });
}

Parsed<void> utf16(Chain& chain, std::string_view name, Utf16 form) {
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    if (term.kind != Term::Kind::text) return wrong_type(chain, name, term);
    Pattern out;
    for (const auto& part : term.pattern.parts()) {
      const bool is_literal = part.kind == PatternPart::Kind::literal;
      out.append(is_literal ? PatternPart{part.kind, to_utf16(part.text, form)} : part);
    }
    term.pattern = std::move(out);
    return {};
  });
}
Parsed<void> apply_wide(Chain& c, const Node&, std::string_view n) { return utf16(c, n, Utf16::little); }
Parsed<void> apply_utf16be(Chain& c, const Node&, std::string_view n) { return utf16(c, n, Utf16::big); }
Parsed<void> apply_utf16(Chain& c, const Node&, std::string_view n) { return utf16(c, n, Utf16::marked); }

Parsed<void> apply_windash(Chain& chain, const Node&, std::string_view name) {
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    if (term.kind != Term::Kind::text) return wrong_type(chain, name, term);
    // Rendered with every escape, so that wildcards and literals are told apart again.
    const auto variants = dash_variants(term.pattern.render_exact(), most_dash_variants);
    if (variants.empty())
      return refuse("G0207", chain.item.place, "The value has more than four dashes for 'windash'.",
                    "Split the value.");
    Term any;
    any.kind = Term::Kind::any;
    for (const auto& variant : variants) {
      Term one = term;
      one.pattern = Pattern::parse(variant);
      if (term.pattern.has_placeholder()) one.pattern.find_placeholders();
      any.alternatives.push_back(std::move(one));
    }
    term = std::move(any);
    return {};
  });
}

Parsed<void> apply_expand(Chain& chain, const Node&, std::string_view name) {
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    if (term.kind != Term::Kind::text && term.kind != Term::Kind::regex) return wrong_type(chain, name, term);
    term.pattern.find_placeholders();
    return {};
  });
}

Parsed<void> apply_fieldref(Chain& chain, const Node&, std::string_view name) {
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    if (term.kind != Term::Kind::text) return wrong_type(chain, name, term);
    if (term.pattern.has_wildcard()) return no_wildcards(chain, name);
    term.kind = Term::Kind::field;
    term.pattern = Pattern::literal(term.pattern.render());
    return {};
  });
}

Parsed<void> apply_exists(Chain& chain, const Node&, std::string_view name) {
  auto& terms = chain.item.terms;
  if (chain.count != 1)
    return refuse("G0202", chain.item.place, "The modifier 'exists' stands alone.", "Remove the other modifiers.");
  if (!chain.item.field)
    return refuse("G0202", chain.item.place, "The modifier 'exists' needs a field.", "Name the field.");
  if (terms.size() != 1 || terms[0].kind != Term::Kind::boolean) return wrong_type(chain, name, terms[0]);
  terms[0].kind = Term::Kind::exists;
  return {};
}

Parsed<void> compare(Chain& chain, std::string_view name, Comparison comparison) {
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    const bool is_number = term.kind == Term::Kind::number;
    const bool is_part = term.kind == Term::Kind::time_part && term.comparison == Comparison::equal;
    if (!is_number && !is_part) return wrong_type(chain, name, term);
    if (is_number) term.kind = Term::Kind::compare;
    term.comparison = comparison;
    return {};
  });
}
Parsed<void> apply_lt(Chain& c, const Node&, std::string_view n) { return compare(c, n, Comparison::less); }
Parsed<void> apply_lte(Chain& c, const Node&, std::string_view n) { return compare(c, n, Comparison::less_equal); }
Parsed<void> apply_gt(Chain& c, const Node&, std::string_view n) { return compare(c, n, Comparison::greater); }
Parsed<void> apply_gte(Chain& c, const Node&, std::string_view n) { return compare(c, n, Comparison::greater_equal); }

Parsed<void> time_part(Chain& chain, std::string_view name, TimePart part) {
  return for_each_term(chain.item.terms, [&](Term& term) -> Parsed<void> {
    if (term.kind != Term::Kind::number) return wrong_type(chain, name, term);
    term.kind = Term::Kind::time_part;
    term.time_part = part;
    if (term.number.is_real) {
      term.number.integer = static_cast<std::int64_t>(term.number.real);
      term.number.real = static_cast<double>(term.number.integer);
      term.number.is_real = false;
    }
    return {};
  });
}
Parsed<void> apply_minute(Chain& c, const Node&, std::string_view n) { return time_part(c, n, TimePart::minute); }
Parsed<void> apply_hour(Chain& c, const Node&, std::string_view n) { return time_part(c, n, TimePart::hour); }
Parsed<void> apply_day(Chain& c, const Node&, std::string_view n) { return time_part(c, n, TimePart::day); }
Parsed<void> apply_week(Chain& c, const Node&, std::string_view n) { return time_part(c, n, TimePart::week); }
Parsed<void> apply_month(Chain& c, const Node&, std::string_view n) { return time_part(c, n, TimePart::month); }
Parsed<void> apply_year(Chain& c, const Node&, std::string_view n) { return time_part(c, n, TimePart::year); }

constexpr std::array<Row, 34> rows{{
    {{"contains", "the value is anywhere in the field"}, apply_contains},
    {{"startswith", "the field starts with the value"}, apply_startswith},
    {{"endswith", "the field ends with the value"}, apply_endswith},
    {{"all", "all values of the list must match"}, apply_all},
    {{"re", "regular expression, searched, case-sensitive"}, apply_re},
    {{"i", "after re: ignore case"}, apply_i},
    {{"ignorecase", "after re: ignore case"}, apply_i},
    {{"m", "after re: ^ and $ at lines"}, apply_m},
    {{"multiline", "after re: ^ and $ at lines"}, apply_m},
    {{"s", "after re: . takes newlines"}, apply_s},
    {{"dotall", "after re: . takes newlines"}, apply_s},
    {{"cased", "upper and lower case differ"}, apply_cased},
    {{"cidr", "address inside the network"}, apply_cidr},
    {{"base64", "value encoded as base64"}, apply_base64},
    {{"base64offset", "value inside base64, at any offset"}, apply_base64offset},
    {{"wide", "value as UTF-16 little endian"}, apply_wide},
    {{"utf16le", "value as UTF-16 little endian"}, apply_wide},
    {{"utf16be", "value as UTF-16 big endian"}, apply_utf16be},
    {{"utf16", "value as UTF-16 with byte order mark"}, apply_utf16},
    {{"windash", "- and / and the long dashes are the same"}, apply_windash},
    {{"expand", "%name% stands for configured values"}, apply_expand},
    {{"fieldref", "equal to another field"}, apply_fieldref},
    {{"exists", "the field is there, or is not"}, apply_exists},
    {{"lt", "less"}, apply_lt},
    {{"lte", "less or equal"}, apply_lte},
    {{"gt", "greater"}, apply_gt},
    {{"gte", "greater or equal"}, apply_gte},
    {{"neq", "not this"}, apply_neq},
    {{"minute", "minute of a time"}, apply_minute},
    {{"hour", "hour of a time"}, apply_hour},
    {{"day", "day of the month"}, apply_day},
    {{"week", "ISO week"}, apply_week},
    {{"month", "month"}, apply_month},
    {{"year", "year"}, apply_year},
}};

constexpr auto shown_rows = [] {
  std::array<ModifierRow, rows.size()> shown{};
  for (std::size_t i = 0; i < rows.size(); ++i) shown[i] = rows[i].shown;
  return shown;
}();

Parsed<Term> parse_scalar(const Node& scalar) {
  Term term;
  switch (scalar.kind) {
    case Node::Kind::null: return term;
    case Node::Kind::boolean:
      term.kind = Term::Kind::boolean;
      term.boolean = scalar.boolean;
      return term;
    case Node::Kind::integer:
    case Node::Kind::real:
      term.kind = Term::Kind::number;
      term.number = {scalar.kind == Node::Kind::real, scalar.integer, scalar.real};
      return term;
    case Node::Kind::text:
      term.kind = Term::Kind::text;
      term.pattern = Pattern::parse(scalar.text);
      return term;
    default:
      return refuse("G0201", scalar.place, "A value must be text, a number, true, false or null, not a list or a map.",
                    "Write one value or a plain list of values.");
  }
}

Parsed<void> read_values(Item& item, const Node& value) {
  if (value.is_map())
    return refuse("G0201", value.place, "A field's value must be a value or a list, not a map.",
                  "Put the map under a name of its own.");
  const std::span<const Node> scalars = value.is_list() ? std::span<const Node>(value.items) : std::span(&value, 1);
  if (scalars.size() > most_values) return refuse("G0201", item.place, "The list has more than 50,000 values.");
  if (scalars.empty()) item.terms.emplace_back();  // an empty list means null
  for (const auto& scalar : scalars) {
    auto term = parse_scalar(scalar);
    if (!term) return std::unexpected(std::move(term.error()));
    item.terms.push_back(std::move(*term));
  }
  return {};
}

Parsed<void> apply_modifiers(Chain& chain, const Node& value, std::span<const std::string_view> names) {
  chain.count = names.size();
  for (chain.position = 0; chain.position < names.size(); ++chain.position) {
    const auto name = names[chain.position];
    const auto row = std::ranges::find_if(rows, [&](const Row& r) { return r.shown.name == name; });
    if (row == rows.end())
      return refuse("G0208", chain.item.place, fmt::format("There is no modifier '{}'.", name),
                    "See `tocsin list keywords`.");
    if (auto done = row->apply(chain, value, name); !done) return done;
  }
  return {};
}

Parsed<void> check_keywords(const Item& item) {
  if (item.field) return {};
  for (const auto& term : item.terms) {
    const bool fits = term.kind == Term::Kind::text || term.kind == Term::Kind::number ||
                      term.kind == Term::Kind::regex || term.kind == Term::Kind::any ||
                      term.kind == Term::Kind::boolean;
    if (!fits)
      return refuse("G0209", item.place, fmt::format("A keyword cannot be {}.", kind_name(term.kind)),
                    "Name a field for it.");
  }
  return {};
}

}  // namespace

std::span<const ModifierRow> modifier_table() noexcept { return shown_rows; }

Parsed<Item> parse_item(std::string_view key, const Node& value) {
  const auto parts = split(key, '|');
  Chain chain;
  chain.item.place = value.place;
  if (!parts[0].empty()) chain.item.field = std::string(parts[0]);
  if (auto read = read_values(chain.item, value); !read) return std::unexpected(std::move(read.error()));
  if (auto done = apply_modifiers(chain, value, std::span(parts).subspan(1)); !done)
    return std::unexpected(std::move(done.error()));
  if (auto fit = check_keywords(chain.item); !fit) return std::unexpected(std::move(fit.error()));
  return std::move(chain.item);
}

Parsed<Item> parse_keywords(const Node& value) { return parse_item("", value); }

}  // namespace tocsin::rules::sigma
