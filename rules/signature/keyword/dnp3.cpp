// Keywords of DNP3 that are not plain buffers.
#include <algorithm>
#include <bit>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/dnp3/transaction.h"
#include "rules/signature/keyword/service_rows.h"

namespace tocsin::rules::signature {
namespace {

std::unexpected<Mistake> wrong(const OptionAst& option, std::string next_step) {
  return refuse("S0397", option.name + ": '" + option.value + "' is not understood", std::move(next_step));
}

Outcome compare(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row, const NumberRange& range) {
  if (auto done = rule.require_protocol(row.protocol, option.name); !done) return done;
  rule.select(Source::transaction, static_cast<collectors::Buffer>(row.argument), row.side, true);
  rule.add(NumberTest{range, option.name + ":" + option.value});
  rule.select_payload();
  return {};
}

}  // namespace

// dnp3_func:read  dnp3_func:1
Outcome read_dnp3_function(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto word = lower_ascii(trim(option.value));
  for (const auto& known : collectors::dnp3_function_names())
    if (known.name == word) {
      NumberRange range;
      range.low = known.number;
      return compare(rule, option, row, range);
    }
  const auto range = parse_range(word);
  if (!range) return wrong(option, "Write dnp3_func:read; or a number");
  return compare(rule, option, row, *range);
}

// dnp3_ind:device_restart,!need_time: all of them hold. Or the number of both octets.
Outcome read_dnp3_indicators(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (const auto range = parse_range(option.value)) return compare(rule, option, row, *range);
  std::uint32_t mask = 0, wanted = 0;
  for (auto item : split_items(option.value)) {
    const bool negated = item.starts_with('!');
    if (negated) item = trim(item.substr(1));
    const auto names = collectors::dnp3_indicator_names();
    const auto found = std::ranges::find(names, item, &collectors::Dnp3Name::name);
    if (found == names.end()) return wrong(option, "Name indications such as device_restart");
    mask |= found->number;
    if (!negated) wanted |= found->number;
  }
  if (auto done = rule.require_protocol(row.protocol, option.name); !done) return done;
  rule.select(Source::transaction, static_cast<collectors::Buffer>(row.argument), row.side, true);
  ByteTest test;
  test.from.count.value = 2;
  test.from.bitmask = mask;
  test.value.value = static_cast<std::int64_t>(wanted >> std::countr_zero(mask));
  test.text = option.name + ":" + option.value;
  rule.add(std::move(test));
  rule.select_payload();
  return {};
}

// dnp3_obj:99,99
Outcome read_dnp3_object(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto items = split_items(option.value);
  const auto group = parse_unsigned(items[0]);
  const auto variation = items.size() == 2 ? parse_unsigned(items[1]) : std::nullopt;
  if (!group || !variation || *group > 255 || *variation > 255) return wrong(option, "Write dnp3_obj:GROUP,VARIATION;");
  NumberRange range;
  range.low = static_cast<std::int64_t>((*group << 8U) | *variation);
  return compare(rule, option, row, range);
}

}  // namespace tocsin::rules::signature
