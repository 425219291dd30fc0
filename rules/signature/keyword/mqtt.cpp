// Keywords of MQTT that are not plain buffers: numbers and flags of its packets.
#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/mqtt/message.h"
#include "rules/signature/keyword/keyword.h"
#include "rules/signature/keyword/number.h"

namespace tocsin::rules::signature {

using collectors::Buffer;

namespace {

std::unexpected<Mistake> wrong(const OptionAst& option, std::string next_step) {
  return refuse("S0396", option.name + ": '" + option.value + "' is not understood", std::move(next_step));
}

struct Flag {
  std::string_view name;
  std::uint8_t bit;
};
constexpr std::array<Flag, 2> header_flags{{{"dup", 0x08}, {"retain", 0x01}}};
constexpr std::array<Flag, 5> connect_flags{{{"username", collectors::mqtt_connect_flag::user},
                                             {"password", collectors::mqtt_connect_flag::password},
                                             {"will", collectors::mqtt_connect_flag::will},
                                             {"will_retain", collectors::mqtt_connect_flag::will_retain},
                                             {"clean_session", collectors::mqtt_connect_flag::clean_session}}};

}  // namespace

// mqtt.type:CONNECT
Outcome read_mqtt_type(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto type = collectors::find_mqtt_type(trim(option.value));
  NumberRange range;
  if (type) range.low = static_cast<std::int64_t>(*type);
  else if (const auto number = parse_number(trim(option.value)); number && *number >= 0 && *number <= 15)
    range.low = *number;
  else return wrong(option, "Write mqtt.type:CONNECT;");
  return compare_number(rule, option, row, range);
}

// mqtt.qos:1, mqtt.reason_code:135, mqtt.protocol_version:5
Outcome read_mqtt_number(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto range = parse_range(option.value);
  if (!range) return wrong(option, "Write a number or a range");
  return compare_number(rule, option, row, *range);
}

// mqtt.connack.session_present:yes
Outcome read_mqtt_session(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto word = lower_ascii(trim(option.value));
  NumberRange range;
  if (word == "yes" || word == "true") range.low = 1;
  else if (word != "no" && word != "false") return wrong(option, "Write yes or no");
  return compare_number(rule, option, row, range);
}

// mqtt.flags:retain,!dup  mqtt.connect.flags:username,!will: all of them hold.
Outcome read_mqtt_flags(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const std::span<const Flag> known = static_cast<Buffer>(row.argument) == Buffer::mqtt_flags
                                          ? std::span<const Flag>(header_flags)
                                          : std::span<const Flag>(connect_flags);
  const auto flags = parse_flags(option.value, [&](std::string_view name) -> std::uint32_t {
    const auto flag = std::ranges::find(known, name, &Flag::name);
    return flag == known.end() ? 0U : flag->bit;
  });
  if (!flags) return wrong(option, "Name flags such as " + std::string(known.front().name));
  return compare_flags(rule, option, row, *flags, 1);
}

}  // namespace tocsin::rules::signature
