#pragma once
// Numbers of a transaction that a keyword compares, and flags within one: what the keywords of all protocols do alike
// once they have understood their value. For one rule of one compile call, as RuleBuilder.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/base/text.h"
#include "rules/signature/keyword/keyword.h"
#include "rules/signature/parse/value.h"

namespace tocsin::rules::signature {

NumberRange make_range(NumberRange::Kind kind, std::int64_t low) noexcept;
inline NumberRange equal_to(std::int64_t number) noexcept { return make_range(NumberRange::Kind::equal, number); }

// Adds the condition; the number's buffer stays selected, so that a keyword can add several.
void add_number_test(RuleBuilder& rule, const OptionAst& option, collectors::Buffer buffer, collectors::BufferSide side,
                     const NumberRange& range);
// The whole of a keyword that is one condition: the rule is of that protocol, and the payload is selected again.
Outcome compare_number(RuleBuilder& rule, const OptionAst& option, collectors::Protocol protocol,
                       collectors::Buffer buffer, collectors::BufferSide side, const NumberRange& range);
// The same where the keyword's row says it all; its argument is the Buffer.
Outcome compare_number(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row, const NumberRange& range);

// "fin,!comp": all of the named bits are set, those after ! are not.
struct FlagList {
  std::uint32_t mask = 0;
  std::uint32_t wanted = 0;
};
// `bit_of` gives a name's bit, 0 when it is not known: nothing then.
template <std::invocable<std::string_view> BitOf>
std::optional<FlagList> parse_flags(std::string_view value, BitOf bit_of) {
  FlagList flags;
  for (auto item : split_items(value)) {
    const bool negated = item.starts_with('!');
    if (negated) item = trim(item.substr(1));
    const std::uint32_t bit = bit_of(item);
    if (bit == 0) return std::nullopt;
    flags.mask |= bit;
    if (!negated) flags.wanted |= bit;
  }
  return flags;
}
// The bytes of the row's buffer, `width` of them, have these flags.
Outcome compare_flags(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row, const FlagList& flags,
                      std::uint8_t width);

}  // namespace tocsin::rules::signature
