#include "responders/playbook/command/command.h"

#include <algorithm>
#include <array>

#include "responders/playbook/json/document.h"

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 4> states{"running", "done", "failed", "unknown"};

std::string text_of(const JsonNode& node) {
  using Kind = JsonNode::Kind;
  if (node.is(Kind::boolean)) return node.boolean ? "true" : "false";
  if (node.is(Kind::object) || node.is(Kind::array)) return render_json(node);
  return node.text;
}

}  // namespace

std::string_view command_state_name(CommandAnswer::State state) noexcept {
  return states[static_cast<std::size_t>(state)];
}

std::vector<std::pair<std::string, std::string>> values_of(const std::vector<std::string>& out_args,
                                                           const CommandAnswer& answer) {
  std::vector<std::pair<std::string, std::string>> out;
  const bool object = answer.output.find('{') != std::string::npos;
  const JsonDocument document = object ? read_json(answer.output) : JsonDocument{};
  const bool usable = object && document.problems.empty() && document.root.is(JsonNode::Kind::object);
  for (const std::string& name : out_args) {
    const std::string_view inner = std::string_view(name).substr(2, name.size() - 4);
    if (inner == "output") {
      out.emplace_back(name, answer.output);
      continue;
    }
    const auto named = std::find_if(answer.outputs.begin(), answer.outputs.end(),
                                    [&](const auto& output) { return output.first == inner; });
    if (named != answer.outputs.end()) {
      out.emplace_back(name, named->second);
      continue;
    }
    const JsonNode* member = usable ? document.root.find(inner) : nullptr;
    if (usable && member == nullptr) member = document.root.find(name);
    if (member != nullptr && !member->is(JsonNode::Kind::null)) out.emplace_back(name, text_of(*member));
  }
  if (out.empty() && out_args.size() == 1) {
    std::string_view whole = answer.output;
    while (whole.ends_with('\n') || whole.ends_with('\r')) whole.remove_suffix(1);
    out.emplace_back(out_args.front(), whole);
  }
  return out;
}

}  // namespace tocsin::responders
