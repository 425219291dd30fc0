#pragma once
// What a rule says, as a tree over items: the condition with its identifiers replaced by what they stand for.

#include <cstdint>
#include <string>
#include <vector>

#include "rules/sigma/parse/condition.h"
#include "rules/sigma/parse/term.h"
#include "rules/sigma/parse/yaml.h"

namespace tocsin::rules::sigma {

struct Expression {
  enum class Kind : std::uint8_t { item, all, any, negation };
  Kind kind = Kind::all;
  Item item;
  std::string selection;  // of an item: the identifier it was written under
  std::vector<Expression> children;
};

struct Detection {
  std::vector<std::string> names;
  std::vector<Expression> searches;  // same order as names
  std::vector<std::string> conditions;
  Place condition_place;
};

// `detection:` or the selections of a filter; `skip` names keys that are none.
Parsed<Detection> parse_detection(const Node& map, const std::vector<std::string>& skip);
// All conditions, joined by OR, over the searches.
Parsed<Expression> resolve(const Detection& detection);

}  // namespace tocsin::rules::sigma
