#include "rules/signature/keyword/number.h"

#include <algorithm>
#include <array>
#include <bit>

#include "collectors/packet/protocol/krb5/message.h"
#include "collectors/packet/protocol/ldap/message.h"

namespace tocsin::rules::signature {

using collectors::Buffer;

namespace {

struct Name {
  std::string_view name;
  std::int64_t number;
};
constexpr std::array<Name, 7> kerberos_types{
    {{"as_req", 10}, {"as_rep", 11}, {"tgs_req", 12}, {"tgs_rep", 13}, {"ap_req", 14}, {"ap_rep", 15}, {"error", 30}}};
constexpr std::array<Name, 3> rfb_results{{{"ok", 0}, {"fail", 1}, {"toomany", 2}}};

template <class Names>
std::optional<std::int64_t> among(const Names& names, std::string_view word) {
  const auto found = std::ranges::find(names, word, &Name::name);
  return found == names.end() ? std::nullopt : std::optional(found->number);
}

std::optional<std::int64_t> named(Buffer buffer, std::string_view word) {
  switch (buffer) {
    case Buffer::krb5_message_type:
      if (word.starts_with("krb_")) word.remove_prefix(4);
      return among(kerberos_types, word);
    case Buffer::krb5_ticket_encryption: return collectors::find_kerberos_encryption(word);
    case Buffer::rfb_security_result: return among(rfb_results, word);
    case Buffer::ldap_request_operation:
    case Buffer::ldap_responses_operation:
      if (const auto operation = collectors::find_ldap_operation(word)) return static_cast<std::int64_t>(*operation);
      return std::nullopt;
    case Buffer::ldap_responses_result_code: return collectors::find_ldap_result(word);
    default: return std::nullopt;
  }
}

// Whole families of values.
std::vector<NumberRange> family(Buffer buffer, std::string_view word) {
  using enum NumberRange::Kind;
  if (word == "!weak") word = "strong";
  else if (word == "!strong") word = "weak";
  if (buffer == Buffer::rfb_security_result && word == "unknown") return {make_range(greater, 2)};
  if (buffer != Buffer::krb5_ticket_encryption) return {};
  if (word == "weak")
    return {make_range(less, 17),  make_range(equal, 21), make_range(equal, 22),
            make_range(equal, 23), make_range(equal, 24), make_range(greater, 26)};
  if (word == "strong")
    return {make_range(equal, 17), make_range(equal, 18), make_range(equal, 19),
            make_range(equal, 20), make_range(equal, 25), make_range(equal, 26)};
  return {};
}

}  // namespace

NumberRange make_range(NumberRange::Kind kind, std::int64_t low) noexcept {
  NumberRange range;
  range.kind = kind;
  range.low = low;
  return range;
}

void add_number_test(RuleBuilder& rule, const OptionAst& option, Buffer buffer, collectors::BufferSide side,
                     const NumberRange& range) {
  rule.select(Source::transaction, buffer, side, true);
  rule.add(NumberTest{range, option.name + ":" + option.value});
}

Outcome compare_number(RuleBuilder& rule, const OptionAst& option, collectors::Protocol protocol, Buffer buffer,
                       collectors::BufferSide side, const NumberRange& range) {
  if (auto done = rule.require_protocol(protocol, option.name); !done) return done;
  add_number_test(rule, option, buffer, side, range);
  rule.select_payload();
  return {};
}

Outcome compare_number(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row, const NumberRange& range) {
  return compare_number(rule, option, row.protocol, static_cast<Buffer>(row.argument), row.side, range);
}

Outcome compare_flags(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row, const FlagList& flags,
                      std::uint8_t width) {
  if (auto done = rule.require_protocol(row.protocol, option.name); !done) return done;
  rule.select(Source::transaction, static_cast<Buffer>(row.argument), row.side, true);
  ByteTest test;
  test.from.count.value = width;
  test.from.bitmask = flags.mask;
  // The bits are brought down to the lowest of the mask before they are compared.
  test.value.value = static_cast<std::int64_t>(flags.wanted >> std::countr_zero(flags.mask));
  test.text = option.name + ":" + option.value;
  rule.add(std::move(test));
  rule.select_payload();
  return {};
}

// "krb5_msg_type:AS_REQ", "rfb.secresult:ok", "ldap.responses.result_code:success"
Outcome read_named_number(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto buffer = static_cast<Buffer>(row.argument);
  if (auto done = rule.require_protocol(row.protocol, row.name); !done) return done;
  std::vector<NumberRange> ranges;
  const std::string value = lower_ascii(option.value);
  std::string_view rest = value;
  // Of several answers any will do: that is what is meant without saying.
  std::int32_t instance = NumberTest::any;
  if (const auto comma = rest.find(','); row.multiple && comma != std::string_view::npos) {
    const auto word = trim(rest.substr(comma + 1));
    const auto number = parse_signed(word);
    if (word == "all") instance = NumberTest::all;
    else if (number && *number >= -4'096 && *number < 4'096) instance = static_cast<std::int32_t>(*number);
    else if (word != "any")
      return refuse("S0362", option.name + ": '" + std::string(word) + "' is no place in a list",
                    "Write any, all or a number");
    rest = rest.substr(0, comma);
  }
  while (true) {
    const auto comma = rest.find(',');
    std::string_view word = trim(rest.substr(0, comma));
    if (auto range = parse_range(word)) {
      ranges.push_back(*range);
    } else if (auto many = family(buffer, word); !many.empty()) {
      ranges.insert(ranges.end(), many.begin(), many.end());
    } else {
      const bool negated = word.starts_with('!');
      if (negated) word = trim(word.substr(1));
      const auto number = named(buffer, word);
      if (!number)
        return refuse("S0362", option.name + ": '" + std::string(word) + "' is neither a number nor a name of one",
                      "Write a number, a range or a name");
      ranges.push_back(make_range(negated ? NumberRange::Kind::not_equal : NumberRange::Kind::equal, *number));
    }
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  NumberTest test{ranges.front(), option.name + ":" + option.value};
  test.others.assign(ranges.begin() + 1, ranges.end());
  test.instance = instance;
  rule.select(Source::transaction, buffer, row.side, true);
  rule.add(std::move(test));
  rule.select_payload();
  return {};
}

}  // namespace tocsin::rules::signature
