#pragma once
// YAML as a plain tree with places, so that only one file of this floor knows the YAML library: for the configuration
// and what is kept like it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"

namespace tocsin::daemon {

enum class YamlKind : std::uint8_t { null, scalar, sequence, map };

struct YamlMember;

struct YamlNode {
  YamlKind kind = YamlKind::null;
  std::string text;                 // scalar
  std::vector<YamlNode> items;      // sequence
  std::vector<YamlMember> members;  // map, in the order of the text
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct YamlMember {
  YamlNode key;
  YamlNode value;
};

inline constexpr std::size_t yaml_text_most = 1024 * 1024;
inline constexpr int yaml_depth_most = 16;
inline constexpr std::size_t yaml_nodes_most = 65536;

// One document. False, with a diagnostic, when it is not YAML or breaks a cap (size, depth, nodes: aliases included).
bool parse_yaml(std::string_view text, std::string_view file, YamlNode& root, Diagnostics& diagnostics);

}  // namespace tocsin::daemon
