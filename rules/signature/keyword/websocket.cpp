// Keywords of WebSocket that are not plain buffers.
#include "collectors/base/text.h"
#include "collectors/packet/protocol/websocket/transaction.h"
#include "rules/signature/keyword/number.h"
#include "rules/signature/keyword/service_rows.h"

namespace tocsin::rules::signature {
namespace {

std::unexpected<Mistake> wrong(const OptionAst& option, std::string next_step) {
  return refuse("S0399", option.name + ": '" + option.value + "' is not understood", std::move(next_step));
}

}  // namespace

// websocket.opcode:ping  websocket.mask:1234
Outcome read_websocket_number(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  auto word = trim(option.value);
  auto range = parse_range(word);
  if (!range && static_cast<collectors::Buffer>(row.argument) == collectors::Buffer::websocket_opcode) {
    NumberRange named;
    if (word.starts_with('!')) {
      named.kind = NumberRange::Kind::not_equal;
      word = trim(word.substr(1));
    }
    const auto opcode = collectors::find_websocket_opcode(word);
    if (opcode) {
      named.low = *opcode;
      range = named;
    }
  }
  if (!range) return wrong(option, "Write websocket.opcode:text; or a number");
  return compare_number(rule, option, row, *range);
}

// websocket.flags:fin,!comp  websocket.flags:128
Outcome read_websocket_flags(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (parse_range(option.value)) return read_websocket_number(rule, option, row);
  const auto flags = parse_flags(option.value, [](std::string_view name) -> std::uint32_t {
    return name == "fin" ? 0x80U : name == "comp" ? 0x40U : 0U;
  });
  if (!flags) return wrong(option, "Name fin or comp");
  return compare_flags(rule, option, row, *flags, 1);
}

}  // namespace tocsin::rules::signature
