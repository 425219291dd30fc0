// Keywords of IKE that are not plain buffers.
#include "collectors/base/text.h"
#include "collectors/packet/protocol/ike/message.h"
#include "rules/signature/keyword/number.h"

namespace tocsin::rules::signature {

// ike.chosen_sa_attribute:alg_enc=7. Attribute and value are compared as one number.
Outcome read_ike_attribute(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const std::string_view text = trim(option.value);
  const auto equals = text.find('=');
  const auto attribute =
      equals == std::string_view::npos ? std::nullopt : collectors::find_ike_attribute(trim(text.substr(0, equals)));
  const auto value = attribute ? parse_number(trim(text.substr(equals + 1))) : std::nullopt;
  if (!value || *value < 0)
    return refuse("S0397", "ike.chosen_sa_attribute: '" + option.value + "' is not understood",
                  "Write ike.chosen_sa_attribute:alg_enc=7;");
  const auto packed = collectors::ike_packed(*attribute, static_cast<std::uint64_t>(*value));
  return compare_number(rule, option, row, equal_to(static_cast<std::int64_t>(packed)));
}

}  // namespace tocsin::rules::signature
