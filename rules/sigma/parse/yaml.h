#pragma once
// YAML as plain data with places, read by libyaml, which stays behind this door. Aliases are expanded within a budget,
// and size and depth are capped. Plain scalars get their type by YAML 1.1 as the Sigma tools read it (yes/no and on/off
// are booleans, 0x10 is a number).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/sigma/parse/problem.h"

namespace tocsin::rules::sigma {

struct NodeMember;

struct Node {
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, list, map };

  Kind kind = Kind::null;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;                 // of a scalar: as written
  std::vector<Node> items;          // of a list
  std::vector<NodeMember> members;  // of a map, in order; keys are unique
  Place place;

  bool is_scalar() const noexcept { return kind != Kind::list && kind != Kind::map; }
  bool is_list() const noexcept { return kind == Kind::list; }
  bool is_map() const noexcept { return kind == Kind::map; }
  bool is_text() const noexcept { return kind == Kind::text; }
  const Node* find(std::string_view key) const noexcept;  // of a map; null when absent
  // The scalar below `key` as text, empty when absent or not a scalar.
  std::string_view text_of(std::string_view key) const noexcept;
  static Node of_text(std::string text);
};

struct NodeMember {
  std::string key;
  Node value;
};

struct YamlLimits {
  std::size_t most_bytes = std::size_t{4} << 20;
  std::size_t most_nodes = 400'000;  // after aliases are expanded
  std::size_t most_depth = 64;
};

// All documents of a stream; empty ones are left out.
Parsed<std::vector<Node>> parse_yaml(std::string_view text, const YamlLimits& limits = {});
// Types one plain scalar (also used for values that come as JSON).
Node parse_plain_scalar(std::string text);

}  // namespace tocsin::rules::sigma
