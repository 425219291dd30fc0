// requires: a rule that asks for a version or feature that is not there is skipped, as Suricata does.
#include <array>
#include <compare>

#include "collectors/base/text.h"
#include "rules/signature/keyword/keyword.h"

namespace tocsin::rules::signature {
namespace {

using Version = std::array<std::uint32_t, 3>;
constexpr Version acting_as{8, 0, 7};

std::optional<Version> parse_version(std::string_view text) {
  Version version{};
  std::size_t part = 0;
  for (auto item : split(text.substr(0, text.find('-')), '.')) {
    const auto number = parse_unsigned(trim(item));
    if (!number || part >= version.size()) return std::nullopt;
    version[part++] = static_cast<std::uint32_t>(*number);
  }
  return version;
}

std::optional<bool> compare(std::string_view condition) {
  for (const std::string_view sign : {">=", "<=", ">", "<", "="}) {
    if (!condition.starts_with(sign)) continue;
    const auto version = parse_version(trim(condition.substr(sign.size())));
    if (!version) return std::nullopt;
    if (sign == ">=") return acting_as >= *version;
    if (sign == "<=") return acting_as <= *version;
    if (sign == ">") return acting_as > *version;
    if (sign == "<") return acting_as < *version;
    return acting_as == *version;
  }
  return std::nullopt;
}

// "version >= 7.0.3 < 8 | >= 8.0.1": alternatives of conditions that all hold.
std::optional<bool> version_holds(std::string_view text) {
  for (const auto alternative : split(text, '|')) {
    bool all = true;
    std::string_view rest = trim(alternative);
    while (!rest.empty()) {
      const auto next = rest.find_first_of("<>=", rest.find_first_of("0123456789"));
      const auto holds = compare(trim(rest.substr(0, next)));
      if (!holds) return std::nullopt;
      all = all && *holds;
      rest = next == std::string_view::npos ? std::string_view{} : trim(rest.substr(next));
    }
    if (all) return true;
  }
  return false;
}

}  // namespace

Outcome read_requires(RuleBuilder&, const OptionAst& option, const KeywordRow&) {
  for (const auto item : split_items(option.value)) {
    const auto blank = item.find_first_of(" \t<>=");
    const auto key = item.substr(0, blank);
    const auto value = blank == std::string_view::npos ? std::string_view{} : trim(item.substr(blank));
    bool met = false;
    if (key == "version") {
      const auto holds = version_holds(value);
      if (!holds)
        return refuse("S0391", "requires: '" + std::string(item) + "' is not understood", "Write version >= 7.0.3");
      met = *holds;
    } else if (key == "keyword") {
      met = find_keyword(value) != nullptr;
    } else if (key == "feature") {
      met = value == "true_file_data" || value == "pcre2" || value == "hyperscan" || value == "ja3" || value == "ja4";
    }
    if (!met)
      return refuse("S0390", "requires: '" + std::string(item) + "' is not met", "The rule is skipped on purpose");
  }
  return {};
}

}  // namespace tocsin::rules::signature
