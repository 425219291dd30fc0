// modbus: unit 10, function 8, subfunction 4 | function assigned | access read coils, address 0<>2, value >5
#include <algorithm>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/modbus/message.h"
#include "rules/signature/keyword/number.h"
#include "rules/signature/keyword/service_rows.h"

namespace tocsin::rules::signature {
namespace {

using collectors::Buffer;

std::unexpected<Mistake> wrong(const OptionAst& option) {
  return refuse("S0399", option.name + ": '" + option.value + "' is not understood",
                "Write unit N, function N, function assigned, or access read coils, address N");
}

void compare(RuleBuilder& rule, const OptionAst& option, Buffer buffer, const NumberRange& range) {
  add_number_test(rule, option, buffer, collectors::BufferSide::to_server, range);
}

bool read_category(RuleBuilder& rule, const OptionAst& option, std::string_view word) {
  const bool negated = word.starts_with('!');
  if (negated) word = trim(word.substr(1));
  using collectors::ModbusCategory;
  static constexpr std::pair<std::string_view, ModbusCategory> names[]{{"assigned", ModbusCategory::assigned},
                                                                       {"unassigned", ModbusCategory::unassigned},
                                                                       {"user", ModbusCategory::user},
                                                                       {"reserved", ModbusCategory::reserved}};
  for (const auto& [name, category] : names)
    if (equals_ignoring_case(name, word)) {
      const auto kind = negated ? NumberRange::Kind::not_equal : NumberRange::Kind::equal;
      compare(rule, option, Buffer::modbus_category, make_range(kind, static_cast<std::int64_t>(category)));
      return true;
    }
  if (!equals_ignoring_case("public", word) && !equals_ignoring_case("all", word)) return false;
  const auto most = equals_ignoring_case("all", word) ? 255 : static_cast<std::int64_t>(ModbusCategory::unassigned);
  compare(rule, option, Buffer::modbus_category, make_range(NumberRange::Kind::less_equal, most));
  return true;
}

bool read_access(RuleBuilder& rule, const OptionAst& option, std::string_view words) {
  namespace access = collectors::modbus_access;
  const auto blank = words.find(' ');
  const auto how = words.substr(0, blank);
  const auto table = blank == std::string_view::npos ? std::string_view{} : trim(words.substr(blank));
  if (how != "read" && how != "write") return false;
  NumberTest test;
  test.text = option.name + ":" + option.value;
  test.range.low = how == "read" ? access::read : access::write;
  // Some functions do both.
  test.others.push_back(equal_to(access::read | access::write));
  rule.select(Source::transaction, Buffer::modbus_access, collectors::BufferSide::to_server, true);
  rule.add(std::move(test));
  if (table.empty()) return true;
  static constexpr std::pair<std::string_view, std::uint8_t> tables[]{{"discretes", access::discretes},
                                                                      {"coils", access::coils},
                                                                      {"input", access::input},
                                                                      {"holding", access::holding}};
  const auto found = std::ranges::find(tables, table, &std::pair<std::string_view, std::uint8_t>::first);
  if (found == std::end(tables)) return false;
  compare(rule, option, Buffer::modbus_table, equal_to(found->second));
  return true;
}

// The ends of a range lie outside of it, but Suricata takes one from 0, or to 65535, as open on that side.
std::optional<NumberRange> read_range(std::string_view text) {
  auto range = parse_range(text);
  if (!range || range->kind != NumberRange::Kind::between) return range;
  if (range->low == 0) return make_range(NumberRange::Kind::less, range->high);
  if (range->high == 0xFFFF) return make_range(NumberRange::Kind::greater, range->low);
  return range;
}

// The addresses a request touches overlap those asked for.
bool read_addresses(RuleBuilder& rule, const OptionAst& option, std::string_view text) {
  const auto range = read_range(text);
  if (!range) return false;
  using Kind = NumberRange::Kind;
  NumberRange first, last;
  first.kind = Kind::less_equal;
  last.kind = Kind::greater_equal;
  switch (range->kind) {
    case Kind::equal: first.low = last.low = range->low; break;
    case Kind::greater: first.low = 0xFFFF, last.low = range->low + 1; break;
    case Kind::less: first.low = range->low - 1, last.low = 0; break;
    case Kind::between: first.low = range->high - 1, last.low = range->low + 1; break;
    default: return false;
  }
  compare(rule, option, Buffer::modbus_address_first, first);
  compare(rule, option, Buffer::modbus_address_last, last);
  return true;
}

}  // namespace

Outcome read_modbus(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (auto done = rule.require_protocol(row.protocol, option.name); !done) return done;
  for (const auto item : split_items(option.value)) {
    const auto blank = item.find(' ');
    if (blank == std::string_view::npos) return wrong(option);
    const auto key = item.substr(0, blank);
    const auto value = trim(item.substr(blank));
    const auto range = read_range(value);
    bool good = true;
    if (key == "unit" && range) compare(rule, option, Buffer::modbus_unit, *range);
    else if (key == "function" && range) compare(rule, option, Buffer::modbus_function, *range);
    else if (key == "function") good = read_category(rule, option, value);
    else if (key == "subfunction" && range) compare(rule, option, Buffer::modbus_subfunction, *range);
    else if (key == "access") good = read_access(rule, option, value);
    else if (key == "address") good = read_addresses(rule, option, value);
    else if (key == "value" && range) compare(rule, option, Buffer::modbus_value, *range);
    else good = false;
    if (!good) return wrong(option);
  }
  rule.select_payload();
  return {};
}

}  // namespace tocsin::rules::signature
