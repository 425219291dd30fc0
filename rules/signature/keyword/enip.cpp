// Keywords of EtherNet/IP and CIP: numbers and names of them.
#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/enip/message.h"
#include "rules/signature/keyword/number.h"
#include "rules/signature/keyword/service_rows.h"

namespace tocsin::rules::signature {
namespace {

using collectors::Buffer;

std::unexpected<Mistake> wrong(const OptionAst& option) {
  return refuse("S0399", option.name + ": '" + option.value + "' is not understood", "Write a number or a known name");
}

}  // namespace

// enip_command:99  enip_command:list_identity  enip.vendor_id:1  enip.revision:4.3
Outcome read_enip_number(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto buffer = static_cast<Buffer>(row.argument);
  const auto word = trim(option.value);
  auto range = parse_range(word);
  if (!range && buffer == Buffer::enip_command)
    for (const auto& known : collectors::enip_command_names())
      if (known.name == word) range = equal_to(known.number);
  if (buffer == Buffer::enip_revision)
    if (const auto dot = word.find('.'); dot != std::string_view::npos) {
      const auto major = parse_unsigned(word.substr(0, dot)), minor = parse_unsigned(word.substr(dot + 1));
      if (major && minor && *major < 256 && *minor < 256)
        range = equal_to(static_cast<std::int64_t>((*major << 8U) | *minor));
    }
  if (!range) return wrong(option);
  return compare_number(rule, option, row, *range);
}

// cip_service:SERVICE[,CLASS[,ATTRIBUTE]]; an attribute after ! must be another one.
Outcome read_cip_service(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  static constexpr std::array<Buffer, 3> buffers{Buffer::enip_cip_service, Buffer::enip_cip_class,
                                                 Buffer::enip_cip_attribute};
  const auto items = split_items(option.value);
  if (items.size() > buffers.size()) return wrong(option);
  if (auto done = rule.require_protocol(row.protocol, option.name); !done) return done;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto range = parse_range(items[i]);
    if (!range) return wrong(option);
    add_number_test(rule, option, buffers[i], row.side, *range);
  }
  rule.select_payload();
  return {};
}

}  // namespace tocsin::rules::signature
