#include "rules/sigma/compile/lower.h"

#include "collectors/base/assert.h"
#include "rules/sigma/compile/fold.h"

namespace tocsin::rules::sigma {
namespace {

Pattern folded_pattern(const Pattern& pattern) {
  Pattern out;
  for (const auto& part : pattern.parts())
    out.append(part.kind == PatternPart::Kind::literal ? PatternPart{part.kind, folded(part.text)} : part);
  return out;
}

bool is_only_star(const Pattern& pattern) {
  return pattern.parts().size() == 1 && pattern.parts()[0].kind == PatternPart::Kind::any_run;
}

}  // namespace

Lowering::Lowering(Program& program) : program_(program) { slot(std::string()); }

void Lowering::add_rule(const Expression& expression) {
  const auto root = lower(expression);
  program_.rules.push_back({root, false});
}

Slot Lowering::slot(const std::string& name) {
  const auto [place, is_new] = program_.slot_of.try_emplace(name, static_cast<Slot>(program_.slots.size()));
  if (is_new) program_.slots.push_back(name);
  return place->second;
}

std::uint32_t Lowering::selection(const std::string& name) {
  const auto [place, is_new] = selections_.try_emplace(name, static_cast<std::uint32_t>(program_.selections.size()));
  if (is_new) program_.selections.push_back(name);
  return place->second;
}

std::uint32_t Lowering::leaf(Predicate predicate, std::uint32_t selection) {
  const auto [place, is_new] =
      known_.try_emplace(predicate.identity(), static_cast<PredicateId>(program_.predicates.size()));
  if (is_new) program_.predicates.push_back(std::move(predicate));
  program_.nodes.push_back({TreeNode::Kind::predicate, place->second, 0, 0, selection});
  return static_cast<std::uint32_t>(program_.nodes.size() - 1);
}

std::uint32_t Lowering::group(TreeNode::Kind kind, const std::vector<std::uint32_t>& children) {
  if (children.size() == 1) return children.front();
  TreeNode node;
  node.kind = kind;
  node.first = static_cast<std::uint32_t>(program_.children.size());
  node.count = static_cast<std::uint32_t>(children.size());
  program_.children.insert(program_.children.end(), children.begin(), children.end());
  program_.nodes.push_back(node);
  return static_cast<std::uint32_t>(program_.nodes.size() - 1);
}

std::uint32_t Lowering::negate(std::uint32_t inner) {
  TreeNode node;
  node.kind = TreeNode::Kind::negation;
  node.first = static_cast<std::uint32_t>(program_.children.size());
  node.count = 1;
  program_.children.push_back(inner);
  program_.nodes.push_back(node);
  return static_cast<std::uint32_t>(program_.nodes.size() - 1);
}

std::uint32_t Lowering::lower(const Expression& expression) {
  if (expression.kind == Expression::Kind::item) return lower_item(expression.item, selection(expression.selection));
  std::vector<std::uint32_t> children;
  for (const auto& child : expression.children) children.push_back(lower(child));
  TOCSIN_ASSERT(!children.empty());
  if (expression.kind == Expression::Kind::negation) return negate(children.front());
  const bool all = expression.kind == Expression::Kind::all;
  return group(all ? TreeNode::Kind::all : TreeNode::Kind::any, children);
}

std::uint32_t Lowering::lower_item(const Item& item, std::uint32_t selection) {
  const Slot s = item.field ? slot(*item.field) : keyword_slot;
  std::vector<std::uint32_t> children;
  for (const auto& term : item.terms) children.push_back(lower_term(term, s, selection));
  const auto joined = group(item.all ? TreeNode::Kind::all : TreeNode::Kind::any, children);
  return item.negated ? negate(joined) : joined;
}

std::uint32_t Lowering::lower_text(const Term& term, Slot s, std::uint32_t selection) {
  Predicate p;
  p.slot = s;
  Pattern pattern = term.pattern;
  if (s == keyword_slot) {  // a keyword is searched for anywhere
    pattern.open_start();
    pattern.open_end();
  }
  if (is_only_star(pattern)) {
    p.kind = Predicate::Kind::has_value;
  } else if (pattern.is_literal() && !term.cased) {
    p.kind = Predicate::Kind::exact;
    p.text = folded(pattern.literal_text());
  } else {
    p.kind = Predicate::Kind::pattern;
    p.cased = term.cased;
    p.pattern = term.cased ? std::move(pattern) : folded_pattern(pattern);
  }
  return leaf(std::move(p), selection);
}

std::uint32_t Lowering::lower_term(const Term& term, Slot s, std::uint32_t selection) {
  Predicate p;
  p.slot = s;
  switch (term.kind) {
    case Term::Kind::text: return lower_text(term, s, selection);
    case Term::Kind::boolean:
    case Term::Kind::number: {
      const auto text = term.kind == Term::Kind::number ? term.number.render() : term.boolean ? "true" : "false";
      if (s == keyword_slot || term.kind == Term::Kind::boolean) {
        Term as_text;
        as_text.kind = Term::Kind::text;
        as_text.pattern = Pattern::literal(text);
        return lower_text(as_text, s, selection);
      }
      p.kind = Predicate::Kind::number;
      p.number = term.number;
      p.text = text;
      return leaf(std::move(p), selection);
    }
    case Term::Kind::null: p.kind = Predicate::Kind::has_value; return negate(leaf(std::move(p), selection));
    case Term::Kind::exists: {
      const auto present = leaf(std::move(p), selection);
      return term.boolean ? present : negate(present);
    }
    case Term::Kind::regex:
      p.kind = Predicate::Kind::regex;
      p.text = term.pattern.literal_text();
      p.flags = term.flags;
      // Its validity was checked when it was parsed.
      TOCSIN_ASSERT(!compile_regex(p.text, p.flags, p.regex));
      return leaf(std::move(p), selection);
    case Term::Kind::network:
      p.kind = Predicate::Kind::network;
      p.network = term.network;
      return leaf(std::move(p), selection);
    case Term::Kind::compare:
    case Term::Kind::time_part:
      p.kind = term.kind == Term::Kind::compare ? Predicate::Kind::compare : Predicate::Kind::time_part;
      p.comparison = term.comparison;
      p.number = term.number;
      if (term.time_part) p.time_part = *term.time_part;
      return leaf(std::move(p), selection);
    case Term::Kind::field:
      p.kind = Predicate::Kind::field;
      p.other = slot(term.pattern.literal_text());
      p.starts = term.starts;
      p.ends = term.ends;
      return leaf(std::move(p), selection);
    case Term::Kind::any: break;
  }
  std::vector<std::uint32_t> children;
  for (const auto& alternative : term.alternatives) children.push_back(lower_term(alternative, s, selection));
  return group(TreeNode::Kind::any, children);
}

}  // namespace tocsin::rules::sigma
