#pragma once
// Which language a rule is in, by what only one of them says. A rule that both could have written is read as the other
// rules of its file are; where nothing decides, it is read as Suricata's, and where that matters it is said.

#include <optional>
#include <string_view>

#include "rules/signature/parse/snort/lexer.h"

namespace tocsin::rules::signature {

struct Signs {
  bool suricata = false;
  bool snort3 = false;
  bool differs = false;  // the two readings would not mean the same
  bool unknown = false;  // holds a word of neither
};

// Of a rule that could be read as Suricata's.
Signs find_signs(const RuleAst& suricata);
// Of a rule that could be read as Snort 3's.
Signs find_signs(const SnortRule& snort);

}  // namespace tocsin::rules::signature
