#include "responders/playbook/condition/condition.h"

#include <array>

#include <fmt/format.h>

#include "collectors/base/base64.h"
#include "collectors/base/text.h"
#include "collectors/base/time.h"
#include "responders/playbook/condition/lexer.h"
#include "responders/playbook/condition/node.h"

namespace tocsin::responders {
namespace {

using Kind = Condition::Node::Kind;
using Tree = std::unique_ptr<const Condition::Node>;

constexpr std::size_t depth_most = 64;
constexpr std::size_t comparisons_most = 1000;

constexpr std::array<std::pair<std::string_view, Kind>, 12> operators{{
    {"=", Kind::equal},
    {"==", Kind::equal},
    {"!=", Kind::not_equal},
    {"<", Kind::less},
    {"<=", Kind::less_equal},
    {">", Kind::greater},
    {">=", Kind::greater_equal},
    {"in", Kind::in},
    {"like", Kind::like},
    {"matches", Kind::matches},
    {"issubset", Kind::subset},
    {"issuperset", Kind::superset},
}};

}  // namespace

class ConditionParser {
 public:
  ConditionParser(std::vector<ConditionToken> tokens, ConditionProblem& problem)
      : tokens_(std::move(tokens)), problem_(problem) {}

  Result<Condition> run() {
    Condition condition;
    Tree root = disjunction(0);
    if (root && peek().kind != Token::end) root = refuse("something follows the end of the condition");
    if (!root) return fail(Code::invalid, problem_.cause);
    condition.root_ = std::move(root);
    condition.variables_ = std::move(variables_);
    condition.lenient_ = lenient_;
    return condition;
  }

 private:
  using Token = ConditionToken::Kind;

  const ConditionToken& peek() const noexcept { return tokens_[position_]; }
  ConditionToken take() { return tokens_[position_ + 1 < tokens_.size() ? position_++ : position_]; }
  bool at_word(std::string_view keyword) const noexcept {
    return peek().kind == Token::word && equals_ignoring_case(peek().text, keyword);
  }
  bool take_word(std::string_view keyword) {
    if (!at_word(keyword)) return false;
    ++position_;
    return true;
  }
  std::nullptr_t refuse(std::string cause) {
    if (problem_.cause.empty()) problem_ = {std::move(cause), peek().offset};
    return nullptr;
  }

  template <class Part>
  Tree chain(Kind kind, std::string_view keyword, Part part) {
    auto node = std::make_unique<Condition::Node>();
    node->kind = kind;
    do {
      Tree child = part();
      if (!child) return nullptr;
      node->children.push_back(std::move(child));
    } while (take_word(keyword));
    if (node->children.size() == 1) return std::move(node->children.front());
    return node;
  }

  Tree disjunction(std::size_t depth) {
    return chain(Kind::either, "OR", [&] { return conjunction(depth); });
  }
  Tree conjunction(std::size_t depth) {
    return chain(Kind::both, "AND", [&] { return negatable(depth); });
  }

  static Tree negate(Tree inner) {
    auto node = std::make_unique<Condition::Node>();
    node->kind = Kind::negation;
    node->children.push_back(std::move(inner));
    return node;
  }

  Tree negatable(std::size_t depth) {
    if (depth > depth_most) return refuse("the condition is nested deeper than 64 levels");
    if (take_word("NOT")) {
      Tree inner = negatable(depth + 1);
      return inner ? negate(std::move(inner)) : nullptr;
    }
    if (peek().kind == Token::open) {
      if (peek().text == "[") lenient_ = true;
      ++position_;
      Tree inner = disjunction(depth + 1);
      if (!inner) return nullptr;
      if (peek().kind != Token::close) return refuse("a bracket is not closed");
      ++position_;
      return inner;
    }
    return comparison();
  }

  Tree comparison() {
    if (++comparisons_ > comparisons_most) return refuse("more than 1000 comparisons");
    auto node = std::make_unique<Condition::Node>();
    if (take_word("EXISTS")) {
      node->kind = Kind::exists;
      if (!operand(node->left)) return nullptr;
      if (node->left.kind != Operand::Kind::variable) return refuse("EXISTS needs a variable");
      return node;
    }
    if (!operand(node->left)) return nullptr;
    const bool negated = take_word("NOT");
    if (!comparison_operator(node->kind)) return nullptr;
    if (!right_side(*node)) return nullptr;
    if (node->kind == Kind::matches && node->right.front().kind != Operand::Kind::variable) {
      auto pattern = Pattern::compile(node->right.front().text);
      if (!pattern) return refuse(pattern.error().message);
      node->pattern = std::move(*pattern);
    }
    return negated ? negate(std::move(node)) : Tree(std::move(node));
  }

  bool comparison_operator(Kind& kind) {
    if (peek().kind == Token::compare || peek().kind == Token::word) {
      const std::string name = lower_ascii(peek().text);
      for (const auto& [text, known] : operators) {
        if (text != name) continue;
        if (name == "==") lenient_ = true;
        kind = known;
        ++position_;
        return true;
      }
    }
    refuse("a comparison is expected: = != < <= > >= IN LIKE MATCHES ISSUBSET ISSUPERSET");
    return false;
  }

  bool right_side(Condition::Node& node) {
    if (node.kind != Kind::in || peek().kind != Token::open) {
      // One value where a set is expected: read as a set of one, or as the network an address may be in.
      if (node.kind == Kind::in) lenient_ = true;
      return operand(node.right.emplace_back());
    }
    ++position_;
    while (true) {
      if (!operand(node.right.emplace_back())) return false;
      if (peek().kind == Token::close) {
        ++position_;
        return true;
      }
      if (peek().kind != Token::comma) {
        refuse("a comma or the end of the set is expected");
        return false;
      }
      ++position_;
    }
  }

  bool operand(Operand& out) {
    const std::size_t before = position_;
    const ConditionToken token = take();
    switch (token.kind) {
      case Token::text: out = {Operand::Kind::text, token.text}; return true;
      case Token::number: out = {Operand::Kind::number, token.text}; return true;
      case Token::time:
        if (parse_time(token.text)) {
          out = {Operand::Kind::time, token.text};
          return true;
        }
        break;
      case Token::hex:
        if (parse_hex(token.text)) {
          out = {Operand::Kind::hex, lower_ascii(token.text)};
          return true;
        }
        break;
      case Token::base64:
        if (auto decoded = parse_base64(token.text)) {
          out = {Operand::Kind::base64, std::move(*decoded)};
          return true;
        }
        break;
      case Token::word: return word(out, token);
      default: break;
    }
    position_ = before;
    refuse("a variable or a literal is expected");
    return false;
  }

  bool word(Operand& out, const ConditionToken& token) {
    if (token.text == "true" || token.text == "false") {
      out = {Operand::Kind::boolean, token.text};
      return true;
    }
    const std::string_view text = token.text;
    if (text.ends_with(":value") && is_variable_name(text.substr(0, text.size() - 6))) {
      out = {Operand::Kind::variable, std::string(text.substr(0, text.size() - 6))};
      variables_.push_back(out.text);
      return true;
    }
    for (const auto* keyword : {"and", "or", "not", "in", "like", "matches", "issubset", "issuperset", "exists"})
      if (equals_ignoring_case(text, keyword)) {
        --position_;
        refuse("a variable or a literal is expected before this word");
        return false;
      }
    lenient_ = true;
    out = {Operand::Kind::word, token.text};
    return true;
  }

  std::vector<ConditionToken> tokens_;
  ConditionProblem& problem_;
  std::size_t position_ = 0;
  std::size_t comparisons_ = 0;
  std::vector<std::string> variables_;
  bool lenient_ = false;
};

namespace {

// Depth is capped by the parser.
Result<bool> walk(const Condition::Node& node, const Lookup& lookup) {
  switch (node.kind) {
    case Kind::both:
    case Kind::either:
      for (const auto& child : node.children) {
        auto result = walk(*child, lookup);
        if (!result || *result == (node.kind == Kind::either)) return result;
      }
      return node.kind == Kind::both;
    case Kind::negation: {
      auto result = walk(*node.children.front(), lookup);
      if (!result) return result;
      return !*result;
    }
    default: return evaluate_comparison(node, lookup);
  }
}

}  // namespace

Condition::Condition() = default;
Condition::Condition(Condition&&) noexcept = default;
Condition& Condition::operator=(Condition&&) noexcept = default;
Condition::~Condition() = default;

Result<Condition> Condition::parse(std::string_view text, ConditionProblem& problem) {
  problem = {};
  auto tokens = read_tokens(text, problem);
  if (!tokens) return fail(Code::invalid, problem.cause);
  if (tokens->size() == 1) {
    problem = {"the condition is empty", 0};
    return fail(Code::invalid, problem.cause);
  }
  return ConditionParser(std::move(*tokens), problem).run();
}

Result<bool> Condition::evaluate(const Lookup& lookup) const { return walk(*root_, lookup); }

}  // namespace tocsin::responders
