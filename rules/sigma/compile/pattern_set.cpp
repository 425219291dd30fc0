#include "rules/sigma/compile/pattern_set.h"

#include <hs.h>

#include <algorithm>

#include "collectors/base/assert.h"

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

struct Expression {
  std::string text;
  unsigned flags = 0;
};

Expression expression_of(const Predicate& p) {
  if (p.kind == Predicate::Kind::pattern) return {glob_expression(p.pattern), HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH};
  unsigned flags = HS_FLAG_UTF8 | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
  if (p.flags.ignore_case) flags |= HS_FLAG_CASELESS;
  if (p.flags.multiline) flags |= HS_FLAG_MULTILINE;
  if (p.flags.dot_all) flags |= HS_FLAG_DOTALL;
  return {p.text, flags};
}

bool supported(const Expression& expression) {
  // Where the two libraries read an escape differently, PCRE2 has the say.
  for (const auto* const escape : {"\\Z", "\\u", "\\U", "\\N"})
    if (expression.text.find(escape) != std::string::npos) return false;
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  const bool good =
      hs_expression_info(expression.text.c_str(), expression.flags, &info, &error) == HS_SUCCESS && info != nullptr;
  if (info != nullptr) free(info);  // NOLINT: the library's allocator
  if (error != nullptr) hs_free_compile_error(error);
  return good;
}

}  // namespace

struct PatternScratch::State {
  hs_scratch_t* scratch = nullptr;
};
PatternScratch::PatternScratch() : state_(std::make_unique<State>()) {}
PatternScratch::~PatternScratch() {
  if (state_->scratch != nullptr) hs_free_scratch(state_->scratch);
}

struct PatternSet::Database {
  hs_database_t* database = nullptr;
  ~Database() {
    if (database != nullptr) hs_free_database(database);
  }
};

PatternSet::PatternSet() = default;
PatternSet::~PatternSet() = default;
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;

bool hyperscan_usable() noexcept { return hs_valid_platform() == HS_SUCCESS; }

void PatternSet::add(PredicateId id, const Predicate* predicate) { members_.push_back({id, predicate}); }

void PatternSet::compile(Acceleration acceleration) {
  plain_.clear();
  database_.reset();
  if (acceleration == Acceleration::off || members_.size() < worth_a_database || !hyperscan_usable()) {
    plain_ = members_;
    return;
  }
  std::vector<Member> fast;
  std::vector<Expression> expressions;
  for (const auto& member : members_) {
    auto expression = expression_of(*member.predicate);
    // Globs are always fine; expressions of people are asked about one by one, so that one does not spoil the rest.
    if (member.predicate->kind == Predicate::Kind::regex && !supported(expression)) {
      plain_.push_back(member);
      continue;
    }
    fast.push_back(member);
    expressions.push_back(std::move(expression));
  }
  while (!fast.empty()) {
    std::vector<const char*> texts;
    std::vector<unsigned> flags;
    std::vector<unsigned> ids;
    for (std::size_t i = 0; i < fast.size(); ++i) {
      texts.push_back(expressions[i].text.c_str());
      flags.push_back(expressions[i].flags);
      ids.push_back(fast[i].id);
    }
    auto database = std::make_unique<Database>();
    hs_compile_error_t* error = nullptr;
    const auto status = hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(fast.size()),
                                         HS_MODE_BLOCK, nullptr, &database->database, &error);
    const int bad = error != nullptr ? error->expression : -1;
    if (error != nullptr) hs_free_compile_error(error);
    if (status == HS_SUCCESS) {
      database_ = std::move(database);
      return;
    }
    if (bad < 0 || static_cast<std::size_t>(bad) >= fast.size()) {
      plain_ = members_;
      return;
    }
    plain_.push_back(fast[static_cast<std::size_t>(bad)]);
    fast.erase(fast.begin() + bad);
    expressions.erase(expressions.begin() + bad);
  }
}

void PatternSet::prepare(PatternScratch& scratch) const {
  if (database_ && database_->database != nullptr)
    TOCSIN_ASSERT(hs_alloc_scratch(database_->database, &scratch.state_->scratch) == HS_SUCCESS);
}

void PatternSet::scan(std::string_view text, PatternScratch& scratch, std::vector<PredicateId>& hits) const {
  if (database_) {
    const auto on_match = [](unsigned id, unsigned long long, unsigned long long, unsigned, void* out) -> int {
      static_cast<std::vector<PredicateId>*>(out)->push_back(id);
      return 0;
    };
    // An empty text still matches expressions that allow it; the library wants a valid pointer.
    const char* data = text.empty() ? "" : text.data();
    const auto size = static_cast<unsigned>(std::min<std::size_t>(text.size(), 0xFFFFFFFFU));
    const auto status = hs_scan(database_->database, data, size, 0, scratch.state_->scratch, on_match, &hits);
    TOCSIN_ASSERT(status == HS_SUCCESS);
  }
  for (const auto& member : plain_) {
    const auto& p = *member.predicate;
    const bool hit = p.kind == Predicate::Kind::regex ? p.regex.search(text) : matches(p.pattern, text);
    if (hit) hits.push_back(member.id);
  }
}

}  // namespace tocsin::rules::sigma
