// Numbers that have names: "krb5_msg_type:AS_REQ", "rfb.secresult:ok", "ldap.responses.result_code:success".
#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/krb5/message.h"
#include "collectors/packet/protocol/ldap/message.h"
#include "rules/signature/keyword/keyword.h"

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

NumberRange make(NumberRange::Kind kind, std::int64_t low) {
  NumberRange range;
  range.kind = kind;
  range.low = low;
  return range;
}

// Whole families of values.
std::vector<NumberRange> family(Buffer buffer, std::string_view word) {
  using enum NumberRange::Kind;
  if (buffer == Buffer::rfb_security_result && word == "unknown") return {make(greater, 2)};
  if (buffer != Buffer::krb5_ticket_encryption) return {};
  if (word == "weak")
    return {make(less, 17), make(equal, 21), make(equal, 22), make(equal, 23), make(equal, 24), make(greater, 26)};
  if (word == "strong")
    return {make(equal, 17), make(equal, 18), make(equal, 19), make(equal, 20), make(equal, 25), make(equal, 26)};
  return {};
}

}  // namespace

Outcome read_named_number(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto buffer = static_cast<Buffer>(row.argument);
  if (auto done = rule.require_protocol(row.protocol, row.name); !done) return done;
  std::vector<NumberRange> ranges;
  const std::string value = lower_ascii(option.value);
  std::string_view rest = value;
  // Of several answers any will do: that is what is meant without saying.
  if (row.multiple && rest.ends_with(",any")) rest.remove_suffix(4);
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
      ranges.push_back(make(negated ? NumberRange::Kind::not_equal : NumberRange::Kind::equal, *number));
    }
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  NumberTest test{ranges.front(), option.name + ":" + option.value};
  test.others.assign(ranges.begin() + 1, ranges.end());
  rule.select(Source::transaction, buffer, row.side, true);
  rule.add(std::move(test));
  rule.select_payload();
  return {};
}

}  // namespace tocsin::rules::signature
