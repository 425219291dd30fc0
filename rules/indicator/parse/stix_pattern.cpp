#include "rules/indicator/parse/stix_pattern.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "rules/indicator/value.h"

namespace tocsin::rules::indicator {
namespace {

constexpr std::size_t pattern_most = 256 * 1024;
constexpr std::size_t terms_most = 10'000;
constexpr int depth_most = 32;

enum class Token : std::uint8_t { end, open, close, open_round, close_round, comma, compare, text, number, word, bad };

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) { next(); }

  Token token() const noexcept { return token_; }
  const std::string& value() const noexcept { return value_; }
  std::size_t at() const noexcept { return start_; }
  bool is_word(std::string_view word) const noexcept {
    return token_ == Token::word && equals_ignoring_case(value_, word);
  }

  void next() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    start_ = at_;
    value_.clear();
    if (at_ == text_.size()) {
      token_ = Token::end;
      return;
    }
    const char c = text_[at_];
    constexpr std::string_view single = "[](),";
    if (const auto found = single.find(c); found != std::string_view::npos) {
      ++at_;
      token_ = static_cast<Token>(static_cast<std::size_t>(Token::open) + found);
    } else if (c == '\'') {
      text();
    } else if (c == '=' || c == '!' || c == '<' || c == '>') {
      while (at_ < text_.size() && std::string_view("=!<>").find(text_[at_]) != std::string_view::npos)
        value_ += text_[at_++];
      token_ = Token::compare;
    } else if ((c >= '0' && c <= '9') || c == '-' || c == '+') {
      while (at_ < text_.size() && std::string_view("0123456789.+-").find(text_[at_]) != std::string_view::npos)
        value_ += text_[at_++];
      token_ = Token::number;
    } else {
      word();
    }
  }

 private:
  void text() {
    token_ = Token::bad;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\'') {
        ++at_;
        token_ = Token::text;
        return;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value_ += text_[at_];
    }
  }

  // Keywords and object paths: "file:hashes.'SHA-256'", "domain-name:resolves_to_refs[*].value".
  void word() {
    token_ = Token::word;
    bool path = false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (path && (c == '\'' || c == '"')) {
        const auto end = text_.find(c, at_ + 1);
        if (end == std::string_view::npos) break;
        value_ += text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        continue;
      }
      if (path && c == '[') {
        const auto end = text_.find(']', at_);
        if (end == std::string_view::npos) break;
        at_ = end + 1;
        continue;
      }
      if (is_space(c) || std::string_view("[](),=!<>'\"").find(c) != std::string_view::npos) break;
      path = path || c == ':';
      value_ += c;
      ++at_;
    }
    if (value_.empty()) {
      token_ = Token::bad;
      ++at_;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  Token token_ = Token::end;
  std::string value_;
};

// What a part of an expression asks for.
struct Set {
  std::vector<PatternTerm> terms;
  std::optional<std::uint16_t> port;
  bool neutral = false;  // holds for all that the other side of an AND is about
  bool partly = false;
  bool usable() const noexcept { return !terms.empty(); }
};

enum class PathUse : std::uint8_t { unknown, neutral, port, value };
struct Path {
  PathUse use = PathUse::unknown;
  std::optional<Kind> kind;
};

Path path_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {};
  const auto object = text.substr(0, colon);
  const auto property = text.substr(colon + 1);
  if (property.ends_with(".type") || property == "type") return {PathUse::neutral, {}};
  if (const auto at = property.find("hashes."); at != std::string_view::npos) {
    const auto kind = stix_hash_kind(property.substr(at + 7));
    return {kind ? PathUse::value : PathUse::unknown, kind};
  }
  if ((object == "ipv4-addr" || object == "ipv6-addr") && property == "value") return {PathUse::value, Kind::address};
  if (object == "domain-name" && property == "value") return {PathUse::value, Kind::domain};
  if (object == "domain-name" && property == "resolves_to_refs.value") return {PathUse::value, {}};
  if (object == "url" && property == "value") return {PathUse::value, Kind::url};
  if (object != "network-traffic") return {};
  if (property == "dst_ref.value" || property == "src_ref.value") return {PathUse::value, {}};
  if (property == "dst_port" || property == "src_port") return {PathUse::port, {}};
  if (property == "protocols") return {PathUse::neutral, {}};
  return {};
}

class Parser {
 public:
  explicit Parser(std::string_view text) : scanner_(text) {}

  Result<PatternTerms> parse() {
    auto set = observations(0);
    if (error_.empty() && scanner_.token() != Token::end) stop("something follows the expression that cannot be used");
    if (!error_.empty()) return fail(Code::invalid, error_);
    if (!set.usable()) return fail(Code::invalid, "nothing in the pattern is an address, a domain, a URL or a hash");
    return PatternTerms{std::move(set.terms), set.partly};
  }

 private:
  void stop(std::string_view why) {
    if (error_.empty()) error_ = fmt::format("at character {} of the pattern: {}", scanner_.at() + 1, why);
  }
  bool take(Token token) {
    if (!error_.empty() || scanner_.token() != token) return false;
    scanner_.next();
    return true;
  }
  bool take_word(std::string_view word) {
    if (!error_.empty() || !scanner_.is_word(word)) return false;
    scanner_.next();
    return true;
  }

  static void join(Set& into, Set&& more) {
    into.partly = into.partly || more.partly || into.usable() != more.usable();
    into.terms.insert(into.terms.end(), std::make_move_iterator(more.terms.begin()),
                      std::make_move_iterator(more.terms.end()));
    into.port.reset();
    into.neutral = false;
  }

  Set observations(int depth) {
    auto set = observation(depth);
    while (error_.empty()) {
      if (take_word("OR")) join(set, observation(depth));
      else if (scanner_.is_word("AND") || scanner_.is_word("FOLLOWEDBY"))
        stop("observations that belong together are no single indicators");
      else if (scanner_.token() == Token::word) stop("qualifiers of observations are not understood");
      else break;
    }
    return set;
  }

  Set observation(int depth) {
    if (depth > depth_most) {
      stop("parentheses are nested too deeply");
      return {};
    }
    if (take(Token::open_round)) {
      auto set = observations(depth + 1);
      if (!take(Token::close_round)) stop("a parenthesis is not closed");
      return set;
    }
    if (!take(Token::open)) {
      stop("an observation begins with [");
      return {};
    }
    auto set = either(depth + 1);
    if (!take(Token::close)) stop("an observation ends with ]");
    return set;
  }

  Set either(int depth) {
    auto set = both(depth);
    while (take_word("OR")) join(set, both(depth));
    return set;
  }

  Set both(int depth) {
    auto set = term(depth);
    while (take_word("AND")) {
      const auto place = scanner_.at();
      auto more = term(depth);
      if (!error_.empty()) return set;
      if (!meet(set, std::move(more)))
        error_ = fmt::format("at character {} of the pattern: values that must come together are no single indicators",
                             place + 1);
    }
    return set;
  }

  // False: neither side stands for both.
  static bool meet(Set& set, Set&& more) {
    const auto hashes = [](const Set& s) {
      return s.usable() &&
             std::ranges::all_of(s.terms, [](const auto& t) { return t.kind && digest_size(*t.kind) != 0; });
    };
    if (more.neutral) return true;
    if (set.neutral) {
      set = std::move(more);
      return true;
    }
    if (hashes(set) && hashes(more)) {
      join(set, std::move(more));
      return true;
    }
    // A hash alone is enough to know a file.
    if (hashes(set)) return true;
    if (hashes(more)) {
      set = std::move(more);
      return true;
    }
    if (set.port && more.usable()) std::swap(set, more);
    if (!set.usable() || !more.port || more.usable()) return false;
    for (auto& term : set.terms) {
      const auto address = parse_address(term.text);
      if (!address) return false;
      term.text = address->is_v4() ? fmt::format("{}:{}", term.text, *more.port)
                                   : fmt::format("[{}]:{}", term.text, *more.port);
      term.kind = Kind::endpoint;
    }
    return true;
  }

  Set term(int depth) {
    if (depth > depth_most) {
      stop("parentheses are nested too deeply");
      return {};
    }
    if (take(Token::open_round)) {
      auto set = either(depth + 1);
      if (!take(Token::close_round)) stop("a parenthesis is not closed");
      return set;
    }
    return comparison();
  }

  Set comparison() {
    if (scanner_.token() != Token::word || scanner_.value().find(':') == std::string::npos) {
      stop("an object's property is expected, as in ipv4-addr:value");
      return {};
    }
    const auto path = path_of(scanner_.value());
    scanner_.next();
    bool usable = !take_word("NOT");
    std::string operation = scanner_.value();
    if (scanner_.token() != Token::word && scanner_.token() != Token::compare) stop("a comparison is expected");
    scanner_.next();
    for (const std::string_view known : {"IN", "ISSUBSET", "ISSUPERSET", "LIKE", "MATCHES"})
      if (equals_ignoring_case(operation, known)) operation = known;
    std::vector<std::string> values;
    read_values(values);
    Set set;
    if (!error_.empty()) return set;
    set.neutral = path.use == PathUse::neutral && usable;
    usable = usable && (operation == "=" || operation == "IN" || operation == "ISSUBSET" || operation == "LIKE");
    if (path.use == PathUse::port && operation == "=" && usable)
      if (const auto port = parse_unsigned(values.front()); port && *port > 0 && *port <= 65535)
        set.port = static_cast<std::uint16_t>(*port);
    if (path.use == PathUse::value && usable) add_terms(path, operation, values, set);
    return set;
  }

  void read_values(std::vector<std::string>& values) {
    const auto one = [&] {
      // A word in front of a text says how it is written: t'2026-…', h'…', b'…'; true and false stand alone.
      if (scanner_.token() == Token::word) {
        auto word = scanner_.value();
        scanner_.next();
        if (scanner_.token() != Token::text) {
          values.push_back(std::move(word));
          return;
        }
      }
      if (scanner_.token() != Token::text && scanner_.token() != Token::number) return stop("a value is expected");
      if (values.size() >= terms_most) return stop("the set has too many values");
      values.push_back(scanner_.value());
      scanner_.next();
    };
    if (!take(Token::open_round)) return one();
    do one();
    while (take(Token::comma));
    if (!take(Token::close_round)) stop("a set is not closed");
  }

  static void add_terms(const Path& path, std::string_view operation, std::vector<std::string>& values, Set& set) {
    for (auto& value : values) {
      PatternTerm term{std::move(value), path.kind, Reach::exact};
      if (operation == "LIKE") {
        const bool below = term.text.starts_with("%.") && path.kind == Kind::domain;
        if (below) {
          term.text.erase(0, 2);
          term.reach = Reach::subdomains;
        }
        if (term.text.find_first_of("%_") != std::string::npos ||
            (!below && path.kind != Kind::address && path.kind != Kind::domain && path.kind != Kind::url)) {
          set.partly = true;
          continue;
        }
      }
      set.terms.push_back(std::move(term));
    }
  }

  Scanner scanner_;
  std::string error_;
};

}  // namespace

std::optional<Kind> stix_hash_kind(std::string_view algorithm) {
  std::string plain;
  for (const char c : algorithm.substr(0, 16))
    if (c != '-' && c != '_') plain += to_lower_ascii(c);
  if (plain == "md5") return Kind::md5;
  if (plain == "sha1") return Kind::sha1;
  if (plain == "sha256") return Kind::sha256;
  return std::nullopt;
}

Result<PatternTerms> parse_stix_pattern(std::string_view pattern) {
  if (pattern.size() > pattern_most) return fail(Code::invalid, "the pattern is too long");
  return Parser(pattern).parse();
}

}  // namespace tocsin::rules::indicator
