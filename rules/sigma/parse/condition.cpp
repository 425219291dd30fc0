#include "rules/sigma/parse/condition.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/sigma/parse/pattern.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::size_t most_depth = 100;
constexpr std::size_t most_length = 16'384;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '*' || c == '.';
}

class Parser {
 public:
  Parser(std::string_view text, const std::vector<std::string>& names, Place place)
      : text_(text), names_(names), place_(place) {
    advance();
  }

  Parsed<Condition> parse() {
    auto whole = parse_or(0);
    if (!whole) return whole;
    if (!token_.empty()) return unexpected_token();
    return whole;
  }

 private:
  std::unexpected<Problem> unexpected_token() const {
    if (token_ == "|")
      return refuse("G0302", place_, "Aggregations in a condition ('|') are no longer part of Sigma.",
                    "Write a correlation rule.");
    return refuse("G0301", place_,
                  token_.empty() ? std::string("The condition ends too early.")
                                 : fmt::format("'{}' does not belong here in the condition.", token_),
                  "Join identifiers with and, or, not and parentheses.");
  }

  void advance() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
    const auto start = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    if (at_ == start && at_ < text_.size()) ++at_;
    token_ = text_.substr(start, at_ - start);
  }

  Parsed<Condition> parse_or(std::size_t depth) { return parse_chain(depth, "or", Condition::Kind::any); }

  Parsed<Condition> parse_chain(std::size_t depth, std::string_view word, Condition::Kind kind) {
    const auto operand = [&] {
      return kind == Condition::Kind::any ? parse_chain(depth, "and", Condition::Kind::all) : parse_not(depth);
    };
    auto first = operand();
    if (!first || token_ != word) return first;
    Condition out;
    out.kind = kind;
    out.children.push_back(std::move(*first));
    while (token_ == word) {
      advance();
      auto next = operand();
      if (!next) return next;
      out.children.push_back(std::move(*next));
    }
    return out;
  }

  Parsed<Condition> parse_not(std::size_t depth) {
    if (depth > most_depth) return refuse("G0301", place_, "The condition is nested too deeply.");
    if (token_ != "not") return parse_atom(depth);
    advance();
    auto inner = parse_not(depth + 1);
    if (!inner) return inner;
    Condition out;
    out.kind = Condition::Kind::negation;
    out.children.push_back(std::move(*inner));
    return out;
  }

  Parsed<Condition> parse_atom(std::size_t depth) {
    if (token_ == "(") {
      advance();
      auto inner = parse_or(depth + 1);
      if (!inner) return inner;
      if (token_ != ")") return unexpected_token();
      advance();
      return inner;
    }
    if (token_.empty() || !is_word(token_[0]) || token_ == "and" || token_ == "or") return unexpected_token();
    const auto word = token_;
    advance();
    if (token_ == "of" && (word == "1" || word == "any" || word == "all")) {
      advance();
      return parse_of(word);
    }
    return named(word);
  }

  Parsed<Condition> named(std::string_view word) {
    if (std::ranges::find(names_, word) == names_.end())
      return refuse("G0303", place_,
                    fmt::format("The condition names '{}', which the detection does not define.", word),
                    "Correct the name.");
    Condition out;
    out.identifier = word;
    return out;
  }

  Parsed<Condition> parse_of(std::string_view quantity) {
    if (token_.empty() || !is_word(token_[0])) return unexpected_token();
    const auto wanted = token_;
    advance();
    const auto pattern = Pattern::parse(wanted == "them" ? "*" : wanted);
    Condition out;
    out.kind = quantity == "all" ? Condition::Kind::all : Condition::Kind::any;
    for (const auto& name : names_) {
      if (name.starts_with('_') && !wanted.starts_with('_')) continue;
      if (!matches(pattern, name)) continue;
      Condition one;
      one.identifier = name;
      out.children.push_back(std::move(one));
    }
    if (out.children.empty())
      return refuse("G0304", place_, fmt::format("'{} of {}' fits no name of the detection.", quantity, wanted),
                    "Correct the pattern or remove it.");
    if (out.children.size() == 1) return std::move(out.children.front());
    return out;
  }

  std::string_view text_;
  const std::vector<std::string>& names_;
  Place place_;
  std::size_t at_ = 0;
  std::string_view token_;
};

}  // namespace

Parsed<Condition> parse_condition(std::string_view text, const std::vector<std::string>& names, Place place) {
  if (text.size() > most_length) return refuse("G0301", place, "The condition is too long.");
  return Parser(text, names, place).parse();
}

}  // namespace tocsin::rules::sigma
