// Why a rule matched: the part of Matcher that runs on the rare path.

#include "rules/sigma/match/matcher.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::size_t most_reasons = 32;
constexpr std::size_t most_excerpt = 256;

}  // namespace

Reason Matcher::reason(const TreeNode& node) const {
  const auto& predicate = program_.predicates[node.predicate];
  Reason out;
  out.condition = program_.selections[node.selection];
  out.where = program_.slots[predicate.slot];
  if (const auto* seen = witness(predicate)) {
    out.where = seen->field == Field{} ? std::string_view("event.original") : names_.name(seen->field);
    out.value = seen->operand.text.substr(0, most_excerpt);
  }
  return out;
}

void Matcher::explain(std::uint32_t index, std::vector<Reason>& out) const {
  if (out.size() >= most_reasons) return;
  const auto& node = program_.nodes[index];
  if (node.kind == TreeNode::Kind::predicate) {
    out.push_back(reason(node));
    return;
  }
  if (node.kind == TreeNode::Kind::negation) return;  // what is not there cannot be shown
  for (std::uint32_t i = 0; i < node.count; ++i) {
    const auto child = program_.children[node.first + i];
    if (!evaluate(child)) continue;
    explain(child, out);
    if (node.kind == TreeNode::Kind::any) return;
  }
}

std::vector<Reason> Matcher::explain(std::uint32_t rule) const {
  std::vector<Reason> out;
  explain(program_.rules[rule].root, out);
  if (out.empty())
    out.push_back({"condition", "event.original", std::string(event_->original().substr(0, most_excerpt)), -1, 0});
  return out;
}

LeafVerdict Matcher::verdict(const TreeNode& node, bool negated) const {
  const auto& predicate = program_.predicates[node.predicate];
  LeafVerdict out{.predicate = &predicate,
                  .holds = known(node.predicate),
                  .negated = negated,
                  .selection = program_.selections[node.selection],
                  .field = program_.slots[predicate.slot],
                  .where = {},
                  .value = {}};
  const auto* seen = witness(predicate);
  if (seen == nullptr) seen = first_seen(predicate.slot, [](const Seen&) { return true; });
  if (seen == nullptr) return out;
  out.where = seen->field == Field{} ? std::string_view("event.original") : names_.name(seen->field);
  out.value = seen->operand.text.substr(0, most_excerpt);
  return out;
}

void Matcher::decide(std::uint32_t index, bool negated, std::size_t most, std::vector<LeafVerdict>& out) const {
  if (out.size() >= most) return;
  const auto& node = program_.nodes[index];
  if (node.kind == TreeNode::Kind::predicate) {
    out.push_back(verdict(node, negated));
    return;
  }
  const bool holds = evaluate(index);
  for (std::uint32_t i = 0; i < node.count; ++i) {
    const auto child = program_.children[node.first + i];
    if (node.kind == TreeNode::Kind::negation) decide(child, !negated, most, out);
    else if (evaluate(child) == holds) decide(child, negated, most, out);
  }
}

std::vector<LeafVerdict> Matcher::decide(std::uint32_t rule, std::size_t most) const {
  std::vector<LeafVerdict> out;
  decide(program_.rules[rule].root, false, most, out);
  return out;
}

std::vector<std::string_view> Matcher::values(Slot slot) const {
  std::vector<std::string_view> out;
  first_seen(slot, [&](const Seen& seen) {
    out.push_back(seen.operand.text);
    return false;
  });
  return out;
}

}  // namespace tocsin::rules::sigma
