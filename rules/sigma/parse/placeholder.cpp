// `expand`: placeholders of patterns become their configured values.

#include <fmt/format.h>

#include "rules/sigma/parse/regex.h"
#include "rules/sigma/parse/rule.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::size_t most_variants = 10'000;

// All patterns that arise when every placeholder takes each of its values.
Parsed<std::vector<Pattern>> variants(const Pattern& pattern, const Placeholders& placeholders, bool as_literal,
                                      Place place) {
  std::vector<Pattern> out{Pattern()};
  for (const auto& part : pattern.parts()) {
    if (part.kind != PatternPart::Kind::placeholder) {
      for (auto& one : out) one.append(part);
      continue;
    }
    const auto found = placeholders.find(part.text);
    if (found == placeholders.end() || found->second.empty())
      return refuse("G0211", place, fmt::format("The placeholder %{}% has no values.", part.text),
                    "Give it values under sigma.placeholders in the configuration.");
    if (out.size() * found->second.size() > most_variants)
      return refuse("G0211", place, "The placeholders give more than 10,000 combinations.", "Use shorter lists.");
    std::vector<Pattern> longer;
    for (const auto& one : out)
      for (const auto& value : found->second) {
        Pattern next = one;
        next.append(as_literal ? Pattern::literal(value) : Pattern::parse(value));
        longer.push_back(std::move(next));
      }
    out = std::move(longer);
  }
  return out;
}

Parsed<void> expand_term(Term& term, const Placeholders& placeholders, Place place) {
  for (auto& alternative : term.alternatives)
    if (auto done = expand_term(alternative, placeholders, place); !done) return done;
  if (!term.pattern.has_placeholder()) return {};
  auto patterns = variants(term.pattern, placeholders, term.kind == Term::Kind::regex, place);
  if (!patterns) return std::unexpected(std::move(patterns.error()));
  Term any;
  any.kind = Term::Kind::any;
  for (auto& pattern : *patterns) {
    Term one = term;
    one.pattern = std::move(pattern);
    Regex compiled;
    if (one.kind == Term::Kind::regex)
      if (auto reason = compile_regex(one.pattern.literal_text(), one.flags, compiled))
        return refuse("G0204", place,
                      fmt::format("With its placeholders the regular expression is not valid: {}.", *reason),
                      "Correct the values.");
    any.alternatives.push_back(std::move(one));
  }
  term = std::move(any);
  return {};
}

}  // namespace

Parsed<void> expand_placeholders(Expression& expression, const Placeholders& placeholders) {
  for (auto& child : expression.children)
    if (auto done = expand_placeholders(child, placeholders); !done) return done;
  for (auto& term : expression.item.terms)
    if (auto done = expand_term(term, placeholders, expression.item.place); !done) return done;
  return {};
}

}  // namespace tocsin::rules::sigma
