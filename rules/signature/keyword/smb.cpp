// Keywords of SMB that are not plain buffers.
#include "collectors/base/text.h"
#include "rules/signature/keyword/number.h"

namespace tocsin::rules::signature {

// smb.version:1; SMB 3 speaks as version 2 does.
Outcome read_smb_version(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto version = parse_number(trim(option.value));
  if (!version || (*version != 1 && *version != 2))
    return refuse("S0394", "smb.version: '" + option.value + "' is neither 1 nor 2", "Write smb.version:1; or 2");
  return compare_number(rule, option, row, equal_to(*version));
}

}  // namespace tocsin::rules::signature
