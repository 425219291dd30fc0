// Keywords of WebSocket that are not plain buffers.
#include <bit>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/websocket/transaction.h"
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
  if (auto done = rule.require_protocol(row.protocol, option.name); !done) return done;
  rule.select(Source::transaction, static_cast<collectors::Buffer>(row.argument), row.side, true);
  rule.add(NumberTest{*range, option.name + ":" + option.value});
  rule.select_payload();
  return {};
}

// websocket.flags:fin,!comp  websocket.flags:128
Outcome read_websocket_flags(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (parse_range(option.value)) return read_websocket_number(rule, option, row);
  std::uint32_t mask = 0, wanted = 0;
  for (auto item : split_items(option.value)) {
    const bool negated = item.starts_with('!');
    if (negated) item = trim(item.substr(1));
    const std::uint32_t bit = item == "fin" ? 0x80U : item == "comp" ? 0x40U : 0U;
    if (bit == 0) return wrong(option, "Name fin or comp");
    mask |= bit;
    if (!negated) wanted |= bit;
  }
  if (auto done = rule.require_protocol(row.protocol, option.name); !done) return done;
  rule.select(Source::transaction, static_cast<collectors::Buffer>(row.argument), row.side, true);
  ByteTest test;
  test.from.count.value = 1;
  test.from.bitmask = mask;
  test.value.value = static_cast<std::int64_t>(wanted >> std::countr_zero(mask));
  test.text = option.name + ":" + option.value;
  rule.add(std::move(test));
  rule.select_payload();
  return {};
}

}  // namespace tocsin::rules::signature
