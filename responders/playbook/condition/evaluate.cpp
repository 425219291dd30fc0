#include <fmt/format.h>

#include "collectors/base/wildcard.h"
#include "responders/playbook/condition/node.h"

namespace tocsin::responders {
namespace {

using Kind = Condition::Node::Kind;

// A literal knows its own type unless it is text, which takes the type of the other side.
Value literal_value(const Operand& operand) {
  switch (operand.kind) {
    case Operand::Kind::number:
      if (auto whole = adapt(operand.text, VariableType::long_integer)) return std::move(*whole);
      if (auto real = adapt(operand.text, VariableType::real)) return std::move(*real);
      break;
    case Operand::Kind::boolean:
      if (auto boolean = adapt(operand.text, VariableType::boolean)) return std::move(*boolean);
      break;
    default: break;
  }
  return {VariableType::string, operand.text, std::monostate{}};
}

bool is_number(VariableType type) noexcept {
  return type == VariableType::integer || type == VariableType::long_integer || type == VariableType::real;
}

// A digest or an identifier made of digits alone looks like a number in the condition; the typed side knows better.
void soften(Value& value, const Operand& operand, const Value& other) {
  if (operand.kind != Operand::Kind::number || is_number(other.type) || other.type == VariableType::string ||
      other.type == VariableType::uri)
    return;
  value = {VariableType::string, operand.text, std::monostate{}};
}

// The outer Result: undeclared. The optional: declared, but without a value.
Result<std::optional<Value>> resolve(const Operand& operand, const Lookup& lookup) {
  if (operand.kind != Operand::Kind::variable) return literal_value(operand);
  const Variable* variable = lookup(operand.text);
  if (variable == nullptr) return fail(Code::not_found, fmt::format("no variable {} is declared here", operand.text));
  return variable->value;
}

// % = any run, _ = any one character (STIX 2.1 section 9.6.1).
bool like(std::string_view text, std::string_view pattern) {
  return matches_wildcard(parse_wildcard(pattern, '%', '_'), text);
}

std::optional<Network> network_of(const Value& value) {
  if (const auto* network = std::get_if<Network>(&value.native)) return *network;
  return parse_network(value.text, HostBits::clear);
}

// Is every address of `inner` in `outer`?
bool within(const Network& inner, const Network& outer) noexcept {
  return inner.base.family() == outer.base.family() && inner.prefix >= outer.prefix && outer.contains(inner.base);
}

Result<bool> containment(const Value& inner, const Value& outer) {
  const auto a = network_of(inner);
  const auto b = network_of(outer);
  if (!a || !b) return fail(Code::invalid, "ISSUBSET and ISSUPERSET compare addresses and networks");
  return within(*a, *b);
}

bool contains(const Value& left, const Value& candidate) {
  if (compare(left, candidate) == std::partial_ordering::equivalent) return true;
  if (left.type != VariableType::ipv4 && left.type != VariableType::ipv6) return false;
  const auto inner = network_of(left);
  const auto outer = network_of(candidate);
  return inner && outer && within(*inner, *outer);
}

Result<bool> ordered(Kind kind, const Value& left, const Value& right) {
  const std::partial_ordering order = compare(left, right);
  if (kind == Kind::equal) return order == std::partial_ordering::equivalent;
  if (kind == Kind::not_equal) return order != std::partial_ordering::equivalent;
  if (order == std::partial_ordering::unordered)
    return fail(Code::invalid, fmt::format("\"{}\" and \"{}\" have no order between them", left.text.substr(0, 60),
                                           right.text.substr(0, 60)));
  switch (kind) {
    case Kind::less: return order == std::partial_ordering::less;
    case Kind::less_equal: return order != std::partial_ordering::greater;
    case Kind::greater: return order == std::partial_ordering::greater;
    default: return order != std::partial_ordering::less;
  }
}

Result<bool> matches(const Condition::Node& node, const Value& left, const Value& right) {
  if (node.pattern) return node.pattern->search(left.text);
  TOCSIN_TRY(const Pattern pattern, Pattern::compile(right.text));
  return pattern.search(left.text);
}

}  // namespace

Result<bool> evaluate_comparison(const Condition::Node& node, const Lookup& lookup) {
  TOCSIN_TRY(std::optional<Value> left, resolve(node.left, lookup));
  if (node.kind == Kind::exists) return left.has_value();
  if (node.kind == Kind::in) {
    for (const Operand& operand : node.right) {
      TOCSIN_TRY(std::optional<Value> candidate, resolve(operand, lookup));
      if (!left || !candidate) continue;
      soften(*candidate, operand, *left);
      if (contains(*left, *candidate)) return true;
    }
    return false;
  }
  TOCSIN_TRY(std::optional<Value> right, resolve(node.right.front(), lookup));
  if (!left || !right) return false;
  soften(*right, node.right.front(), *left);
  soften(*left, node.left, *right);
  switch (node.kind) {
    case Kind::like: return like(left->text, right->text);
    case Kind::matches: return matches(node, *left, *right);
    case Kind::subset: return containment(*left, *right);
    case Kind::superset: return containment(*right, *left);
    default: return ordered(node.kind, *left, *right);
  }
}

}  // namespace tocsin::responders
