// Keywords of DNP3 that are not plain buffers.
#include <algorithm>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/dnp3/transaction.h"
#include "rules/signature/keyword/number.h"
#include "rules/signature/keyword/service_rows.h"

namespace tocsin::rules::signature {
namespace {

std::unexpected<Mistake> wrong(const OptionAst& option, std::string next_step) {
  return refuse("S0397", option.name + ": '" + option.value + "' is not understood", std::move(next_step));
}

}  // namespace

// dnp3_func:read  dnp3_func:1
Outcome read_dnp3_function(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto word = lower_ascii(trim(option.value));
  for (const auto& known : collectors::dnp3_function_names())
    if (known.name == word) return compare_number(rule, option, row, equal_to(known.number));
  const auto range = parse_range(word);
  if (!range) return wrong(option, "Write dnp3_func:read; or a number");
  return compare_number(rule, option, row, *range);
}

// dnp3_ind:device_restart,!need_time: all of them hold. Or the number of both octets.
Outcome read_dnp3_indicators(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (const auto range = parse_range(option.value)) return compare_number(rule, option, row, *range);
  const auto flags = parse_flags(option.value, [](std::string_view name) -> std::uint32_t {
    const auto names = collectors::dnp3_indicator_names();
    const auto found = std::ranges::find(names, name, &collectors::Dnp3Name::name);
    return found == names.end() ? 0U : found->number;
  });
  if (!flags) return wrong(option, "Name indications such as device_restart");
  return compare_flags(rule, option, row, *flags, 2);
}

// dnp3_obj:99,99
Outcome read_dnp3_object(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto items = split_items(option.value);
  const auto group = parse_unsigned(items[0]);
  const auto variation = items.size() == 2 ? parse_unsigned(items[1]) : std::nullopt;
  if (!group || !variation || *group > 255 || *variation > 255) return wrong(option, "Write dnp3_obj:GROUP,VARIATION;");
  return compare_number(rule, option, row, equal_to(static_cast<std::int64_t>((*group << 8U) | *variation)));
}

}  // namespace tocsin::rules::signature
