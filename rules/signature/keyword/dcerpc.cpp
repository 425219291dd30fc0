// Keywords of DCE/RPC, which also travels in the named pipes of SMB.
#include <algorithm>

#include "collectors/base/text.h"
#include "rules/signature/keyword/keyword.h"

namespace tocsin::rules::signature {

using collectors::Buffer;

namespace {

std::optional<std::vector<std::uint8_t>> parse_uuid(std::string_view text) {
  static constexpr std::size_t size = 36;
  if (text.size() != size || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
    return std::nullopt;
  std::string digits(text);
  std::erase(digits, '-');
  auto bytes = parse_hex(digits);
  if (!bytes || bytes->size() != 16) return std::nullopt;
  return bytes;
}

// "<2", ">1", "=1", "!1": the version of the interface.
std::optional<ByteTest> version_test(std::string_view text) {
  if (text.empty()) return std::nullopt;
  ByteTest test;
  switch (text.front()) {
    case '<': test.operator_ = ByteTest::Operator::less; break;
    case '>': test.operator_ = ByteTest::Operator::greater; break;
    case '=': test.operator_ = ByteTest::Operator::equal; break;
    case '!': test.negated = true; break;
    default: return std::nullopt;
  }
  const auto number = parse_number(trim(text.substr(1)));
  if (!number || *number < 0 || *number > 0xFFFF) return std::nullopt;
  test.from.count.value = 2;
  test.from.offset.value = 16;  // behind the UUID
  test.from.little = true;
  test.value.value = *number;
  return test;
}

}  // namespace

// dcerpc.iface:UUID[,<version][,any_frag]: the call is of an interface that was bound. Fragments are put together
// before, so that any_frag changes nothing.
Outcome read_dcerpc_interface(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto wrong = [&] {
    return refuse("S0395", option.name + ": '" + option.value + "' is not understood",
                  "Write " + option.name + ":367abb81-9844-35f1-ad32-98f038001003,>0;");
  };
  const auto items = split_items(option.value);
  auto uuid = parse_uuid(items[0]);
  if (!uuid) return wrong();
  std::optional<ByteTest> version;
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (items[i] == "any_frag") continue;
    if (version) return wrong();
    version = version_test(items[i]);
    if (!version) return wrong();
    version->text = option.name + ":" + option.value;
  }
  if (auto done = rule.require_protocol(row.protocol, option.name); !done) return done;
  rule.select(Source::transaction, static_cast<Buffer>(row.argument), row.side, true);
  ContentTest test;
  test.pattern = std::move(*uuid);
  test.starts_with = true;
  test.text = std::string(items[0]);
  rule.add(std::move(test));
  if (version) rule.add(std::move(*version));
  rule.select_payload();
  return {};
}

// dcerpc.opnum:15,18,20-22
Outcome read_dcerpc_operation(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  NumberTest test;
  test.text = option.name + ":" + option.value;
  bool first = true;
  for (const auto item : split_items(option.value)) {
    const auto range = parse_range(item, RangeEnds::inclusive);
    if (!range)
      return refuse("S0395", option.name + ": '" + std::string(item) + "' is not a number or range",
                    "Write " + option.name + ":15,18,20-22;");
    if (first) test.range = *range;
    else test.others.push_back(*range);
    first = false;
  }
  if (auto done = rule.require_protocol(row.protocol, option.name); !done) return done;
  rule.select(Source::transaction, static_cast<Buffer>(row.argument), row.side, true);
  rule.add(std::move(test));
  rule.select_payload();
  return {};
}

}  // namespace tocsin::rules::signature
