#include "rules/sigma/parse/expression.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/sigma/parse/modifier.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::size_t most_depth = 32;
// `all of them` may repeat a large search for each mention; this stops conditions that multiply.
constexpr std::size_t most_items = 200'000;

Parsed<Expression> parse_search(const Node& node, const std::string& name, std::size_t depth);

Expression leaf(Item item, const std::string& name) {
  Expression out;
  out.kind = Expression::Kind::item;
  out.item = std::move(item);
  out.selection = name;
  return out;
}

Parsed<Expression> parse_map(const Node& map, const std::string& name) {
  Expression out;
  out.kind = Expression::Kind::all;
  for (const auto& [key, value] : map.members) {
    auto item = parse_item(key, value);
    if (!item) return std::unexpected(std::move(item.error()));
    out.children.push_back(leaf(std::move(*item), name));
  }
  if (out.children.size() == 1) return std::move(out.children.front());
  return out;
}

Parsed<Expression> parse_list(const Node& list, const std::string& name, std::size_t depth) {
  const bool plain = std::ranges::all_of(list.items, [](const Node& item) { return item.is_scalar(); });
  if (plain) {
    auto item = parse_keywords(list);
    if (!item) return std::unexpected(std::move(item.error()));
    return leaf(std::move(*item), name);
  }
  Expression out;
  out.kind = Expression::Kind::any;
  for (const auto& entry : list.items) {
    auto child = parse_search(entry, name, depth + 1);
    if (!child) return child;
    out.children.push_back(std::move(*child));
  }
  if (out.children.size() == 1) return std::move(out.children.front());
  return out;
}

Parsed<Expression> parse_search(const Node& node, const std::string& name, std::size_t depth) {
  if (depth > most_depth) return refuse("G0210", node.place, "The detection is nested too deeply.");
  if ((node.is_map() && node.members.empty()) || (node.is_list() && node.items.empty()) ||
      node.kind == Node::Kind::null)
    return refuse("G0210", node.place, fmt::format("The search '{}' is empty.", name), "Write at least one value.");
  if (node.is_map()) return parse_map(node, name);
  if (node.is_list()) return parse_list(node, name, depth);
  auto item = parse_keywords(node);
  if (!item) return std::unexpected(std::move(item.error()));
  return leaf(std::move(*item), name);
}

std::size_t count_items(const Expression& e) {
  std::size_t count = e.kind == Expression::Kind::item ? 1U : 0U;
  for (const auto& child : e.children) count += count_items(child);
  return count;
}

class Resolver {
 public:
  explicit Resolver(const Detection& detection) : detection_(detection) {}

  Parsed<Expression> build(const Condition& condition) {
    if (condition.kind == Condition::Kind::identifier) {
      const auto at = std::ranges::find(detection_.names, condition.identifier) - detection_.names.begin();
      const auto& search = detection_.searches[static_cast<std::size_t>(at)];
      items_ += count_items(search);
      if (items_ > most_items)
        return refuse("G0305", detection_.condition_place, "The condition repeats its searches too often.");
      return search;
    }
    Expression out;
    out.kind = condition.kind == Condition::Kind::negation ? Expression::Kind::negation
               : condition.kind == Condition::Kind::all    ? Expression::Kind::all
                                                           : Expression::Kind::any;
    for (const auto& child : condition.children) {
      auto part = build(child);
      if (!part) return part;
      out.children.push_back(std::move(*part));
    }
    return out;
  }

 private:
  const Detection& detection_;
  std::size_t items_ = 0;
};

}  // namespace

Parsed<Detection> parse_detection(const Node& map, const std::vector<std::string>& skip) {
  Detection out;
  if (!map.is_map() || map.members.empty())
    return refuse("G0210", map.place, "The detection is empty.", "Write a map of searches and a condition.");
  for (const auto& [key, value] : map.members) {
    if (key == "condition") {
      out.condition_place = value.place;
      if (value.is_text()) out.conditions.push_back(value.text);
      for (const auto& item : value.items) out.conditions.push_back(item.text);
      continue;
    }
    if (std::ranges::find(skip, key) != skip.end()) continue;
    auto search = parse_search(value, key, 0);
    if (!search) return std::unexpected(std::move(search.error()));
    out.names.push_back(key);
    out.searches.push_back(std::move(*search));
  }
  if (out.names.empty()) return refuse("G0210", map.place, "The detection has no search.", "Write at least one.");
  if (out.conditions.empty())
    return refuse("G0306", map.place, "The detection has no condition.", "Write for example 'condition: selection'.");
  return out;
}

Parsed<Expression> resolve(const Detection& detection) {
  Expression out;
  out.kind = Expression::Kind::any;
  Resolver resolver(detection);
  for (const auto& text : detection.conditions) {
    auto condition = parse_condition(text, detection.names, detection.condition_place);
    if (!condition) return std::unexpected(std::move(condition.error()));
    auto part = resolver.build(*condition);
    if (!part) return part;
    out.children.push_back(std::move(*part));
  }
  if (out.children.size() == 1) return std::move(out.children.front());
  return out;
}

}  // namespace tocsin::rules::sigma
