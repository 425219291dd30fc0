#include "rules/sigma/compile/pattern_set.h"

namespace tocsin::rules::sigma {
namespace {

// Below this, looking one by one is quicker than a scan.
constexpr std::size_t worth_a_database = 6;

bool is_plain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ' ';
}

void append_literal(std::string& out, std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  for (const char c : text) {
    if (is_plain_character(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += hex[byte >> 4];
    out += hex[byte & 15];
  }
}

// `?` is one code point, spelled out in bytes: the database works on bytes.
constexpr std::string_view one_code_point =
    "(?:[\\x00-\\x7f]|[\\xc2-\\xdf][\\x80-\\xbf]|[\\xe0-\\xef][\\x80-\\xbf]{2}|[\\xf0-\\xf4][\\x80-\\xbf]{3})";

std::string glob_expression(const Pattern& pattern) {
  std::string out;
  if (!pattern.starts_open()) out += "\\A";
  const auto& parts = pattern.parts();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool at_edge = i == 0 || i + 1 == parts.size();
    if (parts[i].kind == PatternPart::Kind::literal) append_literal(out, parts[i].text);
    else if (parts[i].kind == PatternPart::Kind::any_one) out += one_code_point;
    else if (!at_edge) out += ".*";
  }
  if (!pattern.ends_open()) out += "\\z";
  return out;
}

HyperscanExpression expression_of(PredicateId id, const Predicate& p) {
  if (p.kind == Predicate::Kind::pattern) return {.id = id, .text = glob_expression(p.pattern), .dot_all = true};
  return {.id = id,
          .text = p.text,
          .utf8 = true,
          .ignore_case = p.flags.ignore_case,
          .multiline = p.flags.multiline,
          .dot_all = p.flags.dot_all,
          .allow_empty = true};
}

bool supported(const HyperscanExpression& expression) {
  // Where the two libraries read an escape differently, PCRE2 has the say.
  for (const auto* const escape : {"\\Z", "\\u", "\\U", "\\N"})
    if (expression.text.find(escape) != std::string::npos) return false;
  return hyperscan_accepts(expression);
}

}  // namespace

void PatternSet::add(PredicateId id, const Predicate* predicate) { members_.push_back({id, predicate}); }

void PatternSet::compile(const PatternOptions& options) {
  plain_.clear();
  database_ = {};
  if (options.acceleration == Acceleration::off || members_.size() < worth_a_database || !hyperscan_usable()) {
    plain_ = members_;
    return;
  }
  std::vector<Member> fast;
  std::vector<HyperscanExpression> expressions;
  for (const auto& member : members_) {
    auto expression = expression_of(member.id, *member.predicate);
    // Globs are always fine; expressions of people are asked about one by one, so that one does not spoil the rest.
    if (member.predicate->kind == Predicate::Kind::regex && !supported(expression)) {
      plain_.push_back(member);
      continue;
    }
    fast.push_back(member);
    expressions.push_back(std::move(expression));
  }
  while (!fast.empty()) {
    auto database = HyperscanDatabase::compile(expressions, options.cache.get());
    if (database) {
      database_ = std::move(*database);
      return;
    }
    const auto bad = database.error().index;
    if (!bad || *bad >= fast.size()) {
      plain_ = members_;
      return;
    }
    plain_.push_back(fast[*bad]);
    fast.erase(fast.begin() + static_cast<std::ptrdiff_t>(*bad));
    expressions.erase(expressions.begin() + static_cast<std::ptrdiff_t>(*bad));
  }
}

void PatternSet::prepare(HyperscanScratch& scratch) const {
  if (database_) database_.prepare(scratch);
}

void PatternSet::scan(std::string_view text, HyperscanScratch& scratch, std::vector<PredicateId>& hits) const {
  const bool scanned = !database_ || database_.scan(as_bytes(text), scratch, hits);
  for (const auto& member : scanned ? plain_ : members_) {
    const auto& p = *member.predicate;
    const bool hit = p.kind == Predicate::Kind::regex ? p.regex.search(text) : matches(p.pattern, text);
    if (hit) hits.push_back(member.id);
  }
}

}  // namespace tocsin::rules::sigma
