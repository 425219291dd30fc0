// rooms: sigma
// Conditions and keys with modifiers, from one input: first line the condition, second the key, the rest the value.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/sigma/parse/condition.h"
#include "rules/sigma/parse/modifier.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::rules::sigma;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = text.find('\n');
  const auto second = first == std::string_view::npos ? first : text.find('\n', first + 1);
  static_cast<void>(parse_condition(text.substr(0, first), {"selection", "filter_a", "filter_b", "_hidden"}, {}));
  if (second == std::string_view::npos) return 0;
  const auto key = text.substr(first + 1, second - first - 1);
  static_cast<void>(parse_item(key, parse_plain_scalar(std::string(text.substr(second + 1)))));
  static_cast<void>(parse_item(key, Node::of_text(std::string(text.substr(second + 1)))));
  return 0;
}
