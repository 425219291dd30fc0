#pragma once
// `field|modifier|…: values` → Item (specification 2.1, "Modifiers"). The table of modifiers is the one place that
// knows their names; `tocsin list` prints it.

#include <span>
#include <string_view>

#include "rules/sigma/parse/term.h"
#include "rules/sigma/parse/yaml.h"

namespace tocsin::rules::sigma {

struct ModifierRow {
  std::string_view name;
  std::string_view doc;
};
std::span<const ModifierRow> modifier_table() noexcept;

// `key` is the whole key; an empty field name (or none) means keywords.
Parsed<Item> parse_item(std::string_view key, const Node& value);
// What a list without a field means: keywords.
Parsed<Item> parse_keywords(const Node& value);

}  // namespace tocsin::rules::sigma
