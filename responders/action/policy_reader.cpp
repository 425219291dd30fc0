#include "responders/action/policy_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "collectors/base/text.h"

namespace tocsin::responders {

void PolicyReader::read_settings(std::string_view yaml, const TakeEntry& take) {
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (root.IsNull()) return;
    if (!root.IsMap()) return report(root, "the policy must be a map");
    for (const auto& entry : root) take(entry.first, entry.second);
  } catch (const YAML::Exception& problem) {
    add(problem.mark, Severity::error, code_, item_, problem.msg);
  }
}

void PolicyReader::add(const YAML::Mark& mark, Severity severity, std::string_view code, std::string_view item,
                       std::string cause) {
  diagnostics_.add({.severity = severity,
                    .code = std::string(code),
                    .file = file_,
                    .line = static_cast<std::uint32_t>(mark.line + 1),
                    .column = static_cast<std::uint32_t>(mark.column + 1),
                    .item = std::string(item),
                    .cause = std::move(cause),
                    .next_step = {}});
}

void PolicyReader::report(const YAML::Node& node, std::string cause) {
  add(node.Mark(), Severity::error, code_, item_, std::move(cause));
}

void PolicyReader::warn(const YAML::Node& node, std::string_view code, std::string_view item, std::string cause) {
  add(node.Mark(), Severity::warning, code, item, std::move(cause));
}

std::string PolicyReader::scalar(const YAML::Node& node) {
  if (node.IsScalar()) return node.Scalar();
  report(node, "a single value is expected");
  return {};
}

void PolicyReader::each(const YAML::Node& list, const Take& take) {
  if (!list.IsSequence()) return report(list, "a list is expected");
  for (const YAML::Node& item : list) take(item);
}

void PolicyReader::entries(const YAML::Node& map, const TakeEntry& take) {
  if (!map.IsMap()) return report(map, "a map is expected");
  for (const auto& entry : map) take(entry.first, entry.second);
}

std::optional<std::uint64_t> PolicyReader::number(const YAML::Node& node, std::uint64_t least, std::uint64_t most) {
  const auto value = parse_unsigned(scalar(node));
  if (value && *value >= least && *value <= most) return value;
  report(node, fmt::format("a number from {} to {} is expected", least, most));
  return std::nullopt;
}

void PolicyReader::duration(const YAML::Node& node, Duration& out) {
  const auto value = parse_duration(scalar(node));
  if (value && *value > Duration::zero()) out = *value;
  else report(node, "a duration such as 30m or 24h is expected");
}

std::optional<std::string> PolicyReader::path(const YAML::Node& node) {
  std::string out = scalar(node);
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  if (out.starts_with('/')) return out;
  report(node, "an absolute path is expected");
  return std::nullopt;
}

void PolicyReader::marking(const YAML::Node& node, rules::Tlp& out) {
  if (const auto limit = rules::parse_tlp_limit(scalar(node))) out = *limit;
  else report(node, "none, clear, green, amber or amber+strict is expected; TLP:RED never leaves the host by itself");
}

}  // namespace tocsin::responders
