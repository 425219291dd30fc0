#include "daemon/config/yaml_tree.h"

#include <yaml-cpp/yaml.h>

namespace tocsin::daemon {
namespace {

std::uint32_t place(int zero_based) { return zero_based < 0 ? 0 : static_cast<std::uint32_t>(zero_based) + 1; }

// Copies the library's graph into our tree; `left` bounds the nodes so that aliases cannot multiply without end.
bool copy_node(const YAML::Node& from, YamlNode& to, int depth, std::size_t& left) {
  if (depth > yaml_depth_most || left == 0) return false;
  --left;
  to.line = place(from.Mark().line);
  to.column = place(from.Mark().column);
  switch (from.Type()) {
    case YAML::NodeType::Scalar:
      to.kind = YamlKind::scalar;
      to.text = from.Scalar();
      return true;
    case YAML::NodeType::Sequence:
      to.kind = YamlKind::sequence;
      for (const auto& item : from)
        if (!copy_node(item, to.items.emplace_back(), depth + 1, left)) return false;
      return true;
    case YAML::NodeType::Map:
      to.kind = YamlKind::map;
      for (const auto& pair : from) {
        auto& member = to.members.emplace_back();
        if (!copy_node(pair.first, member.key, depth + 1, left)) return false;
        if (!copy_node(pair.second, member.value, depth + 1, left)) return false;
      }
      return true;
    default: to.kind = YamlKind::null; return true;
  }
}

void report(Diagnostics& diagnostics, std::string_view file, const YAML::Mark& mark, std::string cause,
            std::string next_step) {
  Diagnostic d;
  d.code = "C0001";
  d.file = file;
  d.line = place(mark.line);
  d.column = place(mark.column);
  d.cause = std::move(cause);
  d.next_step = std::move(next_step);
  diagnostics.add(std::move(d));
}

}  // namespace

bool parse_yaml(std::string_view text, std::string_view file, YamlNode& root, Diagnostics& diagnostics) {
  if (text.size() > yaml_text_most) {
    report(diagnostics, file, YAML::Mark::null_mark(), "the file is larger than 1 MiB", "is it the right file?");
    return false;
  }
  try {
    const auto document = YAML::Load(std::string(text));
    std::size_t left = yaml_nodes_most;
    if (copy_node(document, root, 0, left)) return true;
    report(diagnostics, file, document.Mark(), "nested too deep or too many values", "use a flatter structure");
  } catch (const YAML::Exception& e) {
    report(diagnostics, file, e.mark, "not YAML: " + e.msg,
           "check indentation (spaces, never tabs) and quotes at this place");
  }
  return false;
}

}  // namespace tocsin::daemon
