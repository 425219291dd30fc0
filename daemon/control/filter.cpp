#include "daemon/control/filter.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/address.h"
#include "collectors/base/text.h"
#include "collectors/base/time.h"
#include "collectors/base/wildcard.h"

namespace tocsin::daemon {
namespace {

constexpr std::size_t text_most = 4096;
constexpr std::size_t terms_most = 256;
constexpr int depth_most = 32;

enum class Op : std::uint8_t { all, any, negate, equal, less, less_equal, greater, greater_equal, contains };

int compare(std::string_view a, std::string_view b) {
  const auto sign = [](const auto& x, const auto& y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (const auto x = parse_real(a))
    if (const auto y = parse_real(b)) return sign(*x, *y);
  if (const auto x = parse_time(a))
    if (const auto y = parse_time(b)) return sign(x->time_since_epoch().count(), y->time_since_epoch().count());
  return sign(lower_ascii(a), lower_ascii(b));
}

struct Wanted {
  explicit Wanted(std::string given) : text(std::move(given)), pattern(parse_wildcard(lower_ascii(text), '*', '?')) {
    if (text.contains('/')) network = parse_network(text, HostBits::clear);
  }
  bool covers(std::string_view value) const {
    if (!network) return false;
    const auto address = parse_address(value);
    return address && network->contains(*address);
  }
  std::string text;
  std::vector<WildcardPart> pattern;
  std::optional<Network> network;
};

bool holds(Op op, std::string_view value, const Wanted& wanted) {
  switch (op) {
    case Op::equal:
      return matches_wildcard(wanted.pattern, lower_ascii(value)) || compare(value, wanted.text) == 0 ||
             wanted.covers(value);
    case Op::contains: return lower_ascii(value).find(lower_ascii(wanted.text)) != std::string::npos;
    case Op::less: return compare(value, wanted.text) < 0;
    case Op::less_equal: return compare(value, wanted.text) <= 0;
    case Op::greater: return compare(value, wanted.text) > 0;
    case Op::greater_equal: return compare(value, wanted.text) >= 0;
    default: return false;
  }
}

}  // namespace

struct Filter::Node {
  Op op = Op::all;
  std::string field;
  std::vector<Wanted> values;
  std::vector<Node> children;

  bool matches(const Lookup& record) const {
    switch (op) {
      case Op::all: return std::ranges::all_of(children, [&](const Node& n) { return n.matches(record); });
      case Op::any: return std::ranges::any_of(children, [&](const Node& n) { return n.matches(record); });
      case Op::negate: return !children.front().matches(record);
      default: break;
    }
    bool found = false;
    record(field, [&](std::string_view value) {
      found = found || std::ranges::any_of(values, [&](const Wanted& w) { return holds(op, value, w); });
    });
    return found;
  }
  void require(std::vector<Comparison>& out) const {
    const bool one_way = op == Op::all || (op == Op::any && children.size() == 1);
    if (one_way)
      for (const auto& child : children) child.require(out);
    else if (op == Op::equal && values.size() == 1) out.push_back({field, values.front().text});
  }
  void collect(std::vector<Comparison>& out) const {
    const bool ordered = op == Op::less || op == Op::less_equal || op == Op::greater || op == Op::greater_equal;
    for (const auto& value : values) out.push_back({field, value.text, ordered, op == Op::contains});
    for (const auto& child : children) child.collect(out);
  }
};

namespace {

struct Token {
  std::string text;
  bool quoted = false;
  std::size_t place = 0;
};

bool is_symbol(char c) { return std::string_view("()=!<>~,").find(c) != std::string_view::npos; }

Result<Token> read_quoted(std::string_view text, std::size_t& i) {
  const char quote = text[i];
  Token token{{}, true, i++};
  while (i < text.size() && text[i] != quote) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    token.text += text[i++];
  }
  if (i >= text.size()) return fail(Code::usage, fmt::format("--where: the quote at {} has no end", token.place + 1));
  ++i;
  return token;
}

Result<std::vector<Token>> tokens_of(std::string_view text) {
  std::vector<Token> out;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == '\n') {
      ++i;
    } else if (c == '"' || c == '\'') {
      TOCSIN_TRY(auto token, read_quoted(text, i));
      out.push_back(std::move(token));
    } else if (is_symbol(c)) {
      const bool two = i + 1 < text.size() && ((text[i + 1] == '=' && (c == '=' || c == '!' || c == '<' || c == '>')) ||
                                               (c == '!' && text[i + 1] == '~'));
      out.push_back({std::string(text.substr(i, two ? 2 : 1)), false, i});
      i += two ? 2 : 1;
    } else {
      const auto start = i;
      while (i < text.size() && !is_symbol(text[i]) && text[i] != ' ' && text[i] != '\t' && text[i] != '\n') ++i;
      out.push_back({std::string(text.substr(start, i - start)), false, start});
    }
  }
  return out;
}

struct Operator {
  std::string_view text;
  Op op;
  bool negated;
};
constexpr std::array<Operator, 9> operators{{{"=", Op::equal, false},
                                             {"==", Op::equal, false},
                                             {"!=", Op::equal, true},
                                             {"<", Op::less, false},
                                             {"<=", Op::less_equal, false},
                                             {">", Op::greater, false},
                                             {">=", Op::greater_equal, false},
                                             {"~", Op::contains, false},
                                             {"!~", Op::contains, true}}};

void visit_json(const boost::json::value& value, std::string_view path, int depth, const Filter::Visit& visit);

void visit_object(const boost::json::object& object, std::string_view path, int depth, const Filter::Visit& visit) {
  if (path.empty()) return;
  if (const auto* whole = object.if_contains(path)) return visit_json(*whole, {}, depth + 1, visit);
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1))
    if (const auto* inner = object.if_contains(path.substr(0, dot)))
      return visit_json(*inner, path.substr(dot + 1), depth + 1, visit);
}

void visit_json(const boost::json::value& value, std::string_view path, int depth, const Filter::Visit& visit) {
  if (depth > depth_most) return;
  if (const auto* list = value.if_array()) {
    for (const auto& item : *list) visit_json(item, path, depth + 1, visit);
  } else if (const auto* object = value.if_object()) {
    visit_object(*object, path, depth, visit);
  } else if (path.empty() && !value.is_null()) {
    if (const auto* text = value.if_string()) visit({text->data(), text->size()});
    else visit(boost::json::serialize(value));
  }
}

}  // namespace

namespace filter_detail {

template <class Node>
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Node> parse() {
    TOCSIN_TRY(Node node, either(0));
    if (at_ < tokens_.size()) return wrong("`and`, `or` or the end");
    return node;
  }

 private:
  std::unexpected<Error> wrong(std::string_view wanted) const {
    if (at_ >= tokens_.size()) return fail(Code::usage, fmt::format("--where ends where {} is needed", wanted));
    return fail(Code::usage, fmt::format("--where: at {} stands `{}` where {} is needed", tokens_[at_].place + 1,
                                         tokens_[at_].text, wanted));
  }
  bool accept(std::string_view word) {
    if (at_ >= tokens_.size() || tokens_[at_].quoted || !equals_ignoring_case(tokens_[at_].text, word)) return false;
    ++at_;
    return true;
  }
  Result<Node> chain(Op op, std::string_view word, int depth, Result<Node> (Parser::*next)(int)) {
    TOCSIN_TRY(Node first, (this->*next)(depth));
    Node node{op, {}, {}, {}};
    node.children.push_back(std::move(first));
    while (accept(word)) {
      TOCSIN_TRY(Node more, (this->*next)(depth));
      node.children.push_back(std::move(more));
    }
    return node;
  }
  Result<Node> either(int depth) { return chain(Op::any, "or", depth, &Parser::both); }
  Result<Node> both(int depth) { return chain(Op::all, "and", depth, &Parser::single); }

  Result<Node> single(int depth) {
    if (depth > depth_most) return fail(Code::usage, "--where is nested too deep; use fewer parentheses");
    if (accept("not")) {
      TOCSIN_TRY(Node inner, single(depth + 1));
      return negated(std::move(inner));
    }
    if (accept("(")) {
      TOCSIN_TRY(Node inner, either(depth + 1));
      if (!accept(")")) return wrong("`)`");
      return inner;
    }
    return comparison();
  }
  static Node negated(Node inner) {
    Node node{Op::negate, {}, {}, {}};
    node.children.push_back(std::move(inner));
    return node;
  }
  bool at_word() const {
    return at_ < tokens_.size() && (tokens_[at_].quoted || !is_symbol(tokens_[at_].text.front()));
  }
  Result<Node> comparison() {
    if (++terms_ > terms_most) return fail(Code::usage, "--where has more than 256 terms; use `in (…)`");
    if (!at_word()) return wrong("a field name");
    Node node{Op::equal, tokens_[at_++].text, {}, {}};
    if (accept("in")) {
      if (!accept("(")) return wrong("`(`");
      do {
        if (!at_word()) return wrong("a value");
        node.values.emplace_back(tokens_[at_++].text);
      } while (accept(","));
      if (!accept(")")) return wrong("`,` or `)`");
      return node;
    }
    const auto* found = std::ranges::find_if(operators, [&](const Operator& o) { return accept(o.text); });
    if (found == operators.end()) return wrong("one of = != < <= > >= ~ !~ in");
    if (!at_word()) return wrong("a value");
    node.op = found->op;
    node.values.emplace_back(tokens_[at_++].text);
    return found->negated ? negated(std::move(node)) : std::move(node);
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t terms_ = 0;
};

}  // namespace filter_detail

Result<Filter> parse_filter(std::string_view text) {
  Filter filter;
  if (trim(text).empty()) return filter;
  if (text.size() > text_most) return fail(Code::usage, "--where is longer than 4096 bytes; narrow it");
  TOCSIN_TRY(auto tokens, tokens_of(text));
  TOCSIN_TRY(Filter::Node root, filter_detail::Parser<Filter::Node>(std::move(tokens)).parse());
  filter.root_ = std::make_shared<const Filter::Node>(std::move(root));
  return filter;
}

bool Filter::matches(const Lookup& record) const { return !root_ || root_->matches(record); }

bool Filter::matches(const boost::json::object& record) const {
  if (!root_) return true;
  return root_->matches([&](std::string_view field, const Visit& visit) { visit_field(record, field, visit); });
}

void visit_field(const boost::json::object& record, std::string_view field, const Filter::Visit& visit) {
  visit_object(record, field, 0, visit);
}

std::vector<Filter::Comparison> Filter::required() const {
  std::vector<Comparison> out;
  if (root_) root_->require(out);
  return out;
}

std::vector<Filter::Comparison> Filter::comparisons() const {
  std::vector<Comparison> out;
  if (root_) root_->collect(out);
  return out;
}

std::vector<std::string> Filter::fields() const {
  std::vector<std::string> out;
  for (auto& one : comparisons()) out.push_back(std::move(one.field));
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

}  // namespace tocsin::daemon
