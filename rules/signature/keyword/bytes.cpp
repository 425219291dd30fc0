// Numbers read from a buffer: isdataat, byte_test, byte_jump, byte_extract, byte_math, base64_decode.
#include <bit>

#include "collectors/base/text.h"
#include "rules/signature/keyword/keyword.h"

namespace tocsin::rules::signature {
namespace {

Outcome wrong(const OptionAst& option, std::string_view what) {
  return refuse("S0350", option.name + ": " + std::string(what), "See Suricata's documentation, " + option.name);
}

// Options that byte_test, byte_jump and byte_extract share. False: not one of them.
std::expected<bool, std::string> shared_option(std::string_view item, ByteSource& from) {
  if (item == "relative") from.relative = true;
  else if (item == "big") from.little = false;
  else if (item == "little") from.little = true;
  else if (item == "string") from.form = ByteForm::text;
  else if (item == "hex") from.base = 16;
  else if (item == "dec") from.base = 10;
  else if (item == "oct") from.base = 8;
  else if (item == "dce") from.dce = true;
  else if (item.starts_with("bitmask")) {
    const auto mask = parse_number(trim(item.substr(7)));
    if (!mask || *mask <= 0 || *mask > 0xFFFFFFFFLL) return std::unexpected("the bitmask is not a 32-bit number");
    from.bitmask = static_cast<std::uint32_t>(*mask);
  } else return false;
  return true;
}

std::string check_count(const ByteSource& from) {
  if (from.count.variable >= 0) return {};
  const std::int64_t most = from.form == ByteForm::text ? 23 : 8;
  if (from.count.value < 0 || from.count.value > most) return "reads 0-" + std::to_string(most) + " bytes";
  if (from.form == ByteForm::binary && from.base != 0) return "hex, dec and oct need string";
  return {};
}

std::optional<ByteTest::Operator> test_operator(std::string_view text) {
  using Operator = ByteTest::Operator;
  if (text == "<") return Operator::less;
  if (text == ">") return Operator::greater;
  if (text == "=" || text == "==") return Operator::equal;
  if (text == "<=") return Operator::less_equal;
  if (text == ">=") return Operator::greater_equal;
  if (text == "&") return Operator::and_;
  if (text == "^") return Operator::or_;
  return std::nullopt;
}

// "name value" pairs separated by commas.
struct Pair {
  std::string_view key;
  std::string_view value;
};
Pair split_pair(std::string_view item) {
  const auto blank = item.find_first_of(" \t");
  if (blank == std::string_view::npos) return {item, {}};
  return {item.substr(0, blank), trim(item.substr(blank))};
}

std::optional<ByteMath::Operator> math_operator(std::string_view text) {
  using Operator = ByteMath::Operator;
  if (text == "+") return Operator::add;
  if (text == "-") return Operator::subtract;
  if (text == "*") return Operator::multiply;
  if (text == "/") return Operator::divide;
  if (text == "<<") return Operator::shift_left;
  if (text == ">>") return Operator::shift_right;
  return std::nullopt;
}

Outcome math_item(RuleBuilder& rule, const OptionAst& option, std::string_view item, ByteMath& math,
                  std::string& result, std::set<std::string, std::less<>>& given) {
  const auto [key, value] = split_pair(item);
  given.emplace(key);
  if (key == "bytes") {
    const auto operand = rule.operand(value);
    if (!operand) return wrong(option, "bytes is neither a number nor a variable");
    math.from.count = *operand;
  } else if (key == "offset") {
    const auto operand = rule.operand(value);
    if (!operand) return wrong(option, "offset is neither a number nor a variable");
    math.from.offset = *operand;
  } else if (key == "oper") {
    const auto operation = math_operator(value);
    if (!operation) return wrong(option, "oper must be + - * / << or >>");
    math.operator_ = *operation;
  } else if (key == "rvalue") {
    const auto operand = rule.operand(value);
    if (!operand) return wrong(option, "rvalue is neither a number nor a variable defined before");
    math.value = *operand;
  } else if (key == "result") {
    result = std::string(value);
  } else if (key == "dce") {
    math.from.dce = true;
  } else if (key == "relative") {
    math.from.relative = true;
  } else if (key == "endian") {
    if (value != "big" && value != "little" && value != "dce")
      return wrong(option, "endian must be big, little or dce");
    math.from.little = value == "little";
    math.from.dce = value == "dce";
  } else if (key == "string") {
    math.from.form = ByteForm::text;
    math.from.base = value == "hex" ? 16 : value == "oct" ? 8 : 10;
  } else if (key == "bitmask") {
    const auto mask = parse_number(value);
    if (!mask || *mask <= 0 || *mask > 0xFFFFFFFFLL) return wrong(option, "the bitmask is not a 32-bit number");
    math.from.bitmask = static_cast<std::uint32_t>(*mask);
  } else {
    return wrong(option, "'" + std::string(key) + "' is not supported");
  }
  return {};
}

}  // namespace

Outcome read_isdataat(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  std::string_view text = trim(option.value);
  DataAtTest test;
  if (text.starts_with('!')) {
    test.negated = true;
    text = trim(text.substr(1));
  }
  const auto items = split_items(text);
  const auto offset = rule.operand(items[0]);
  if (!offset || (offset->variable < 0 && offset->value < 0))
    return wrong(option, "'" + std::string(items[0]) + "' is neither a number nor a variable");
  test.offset = *offset;
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (items[i] == "relative") test.relative = true;
    else if (items[i] != "rawbytes") return wrong(option, "'" + std::string(items[i]) + "' is not supported");
  }
  rule.add(test);
  return {};
}

Outcome read_byte_test(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto items = split_items(option.value);
  if (items.size() < 4) return wrong(option, "needs bytes, operator, value, offset");
  ByteTest test;
  test.text = "byte_test:" + option.value;
  const auto count = rule.operand(items[0]);
  std::string_view sign = items[1];
  if (sign.starts_with('!')) {
    test.negated = true;
    sign = trim(sign.substr(1));
    if (sign.empty()) sign = "=";
  }
  const auto operation = test_operator(sign);
  const auto value = rule.operand(items[2]);
  const auto offset = rule.operand(items[3]);
  if (!count || !operation || !value || !offset)
    return wrong(option, "bytes, operator, value or offset is not understood");
  test.from.count = *count;
  test.operator_ = *operation;
  test.value = *value;
  test.from.offset = *offset;
  for (std::size_t i = 4; i < items.size(); ++i) {
    const auto known = shared_option(items[i], test.from);
    if (!known) return wrong(option, known.error());
    if (!*known) return wrong(option, "'" + std::string(items[i]) + "' is not supported");
  }
  if (const auto problem = check_count(test.from); !problem.empty()) return wrong(option, problem);
  rule.add(std::move(test));
  return {};
}

Outcome read_byte_jump(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto items = split_items(option.value);
  if (items.size() < 2) return wrong(option, "needs bytes, offset");
  ByteJump jump;
  const auto count = rule.operand(items[0]);
  const auto offset = rule.operand(items[1]);
  if (!count || !offset) return wrong(option, "bytes or offset is not understood");
  jump.from.count = *count;
  jump.from.offset = *offset;
  for (std::size_t i = 2; i < items.size(); ++i) {
    const auto [key, value] = split_pair(items[i]);
    if (key == "multiplier") {
      const auto number = parse_number(value);
      if (!number || *number < 1 || *number > 65'535) return wrong(option, "multiplier must be 1-65535");
      jump.multiplier = *number;
    } else if (key == "post_offset") {
      const auto operand = rule.operand(value);
      if (!operand) return wrong(option, "post_offset is neither a number nor a variable");
      jump.post_offset = operand->value;
      jump.post_offset_variable = operand->variable;
    } else if (key == "align") jump.align = true;
    else if (key == "from_beginning") jump.from_beginning = true;
    else if (key == "from_end") jump.from_end = true;
    else {
      const auto known = shared_option(items[i], jump.from);
      if (!known) return wrong(option, known.error());
      if (!*known) return wrong(option, "'" + std::string(items[i]) + "' is not supported");
    }
  }
  if (const auto problem = check_count(jump.from); !problem.empty()) return wrong(option, problem);
  rule.add(jump);
  return {};
}

Outcome read_byte_extract(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto items = split_items(option.value);
  if (items.size() < 3) return wrong(option, "needs bytes, offset, name");
  ByteExtract extract;
  const auto count = rule.operand(items[0]);
  const auto offset = rule.operand(items[1]);
  if (!count || !offset || items[2].empty()) return wrong(option, "bytes, offset or name is not understood");
  extract.from.count = *count;
  extract.from.offset = *offset;
  for (std::size_t i = 3; i < items.size(); ++i) {
    const auto [key, value] = split_pair(items[i]);
    if (key == "multiplier") {
      const auto number = parse_number(value);
      if (!number || *number < 1 || *number > 65'535) return wrong(option, "multiplier must be 1-65535");
      extract.multiplier = *number;
    } else if (key == "align") {
      if (value != "2" && value != "4") return wrong(option, "align must be 2 or 4");
      extract.align = value == "2" ? 2 : 4;
    } else {
      const auto known = shared_option(items[i], extract.from);
      if (!known) return wrong(option, known.error());
      if (!*known) return wrong(option, "'" + std::string(items[i]) + "' is not supported");
    }
  }
  if (const auto problem = check_count(extract.from); !problem.empty()) return wrong(option, problem);
  extract.variable = rule.define_variable(items[2]);
  rule.add(extract);
  return {};
}

Outcome read_byte_math(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  ByteMath math;
  std::string result;
  std::set<std::string, std::less<>> given;
  for (const auto item : split_items(option.value))
    if (auto done = math_item(rule, option, item, math, result, given); !done) return done;
  for (const std::string_view needed : {"bytes", "offset", "oper", "rvalue", "result"})
    if (!given.contains(needed)) return wrong(option, std::string(needed) + " is missing");
  if (const auto problem = check_count(math.from); !problem.empty()) return wrong(option, problem);
  if (math.operator_ == ByteMath::Operator::divide && math.value.variable < 0 && math.value.value == 0)
    return wrong(option, "division by zero");
  math.variable = rule.define_variable(result);
  rule.add(math);
  return {};
}

Outcome read_base64_decode(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  auto test = std::make_shared<Base64Test>();
  if (option.has_value) {
    for (const auto item : split_items(option.value)) {
      const auto [key, value] = split_pair(item);
      const auto number = parse_unsigned(value);
      if (key == "relative") test->relative = true;
      else if ((key == "bytes" || key == "offset") && number && *number <= 65'535)
        (key == "bytes" ? test->bytes : test->offset) = static_cast<std::uint32_t>(*number);
      else return wrong(option, "'" + std::string(item) + "' is not understood");
    }
  }
  rule.add(std::move(test));
  return {};
}

Outcome read_base64_data(RuleBuilder& rule, const OptionAst&, const KeywordRow&) {
  if (rule.last_base64() == nullptr)
    return refuse("S0351", "base64_data comes before base64_decode", "Put base64_decode first");
  rule.select_base64();
  return {};
}

}  // namespace tocsin::rules::signature
