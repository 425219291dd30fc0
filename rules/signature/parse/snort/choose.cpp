#include "rules/signature/parse/snort/choose.h"

#include <algorithm>
#include <array>

#include "rules/signature/keyword/keyword.h"
#include "rules/signature/parse/snort/translate.h"

namespace tocsin::rules::signature {
namespace {

constexpr std::array<std::string_view, 6> payload_words{"content",   "pcre",      "isdataat",
                                                        "byte_test", "byte_jump", "byte_extract"};

// "text",nocase: something behind the closing quote.
bool has_modifier_inside(std::string_view value) noexcept {
  const auto open = value.find('"');
  if (open == std::string_view::npos) return false;
  for (std::size_t i = open + 1; i < value.size(); ++i) {
    if (value[i] == '\\') ++i;
    else if (value[i] == '"') return value.find_first_not_of(" \t", i + 1) != std::string_view::npos;
  }
  return false;
}

// http_uri and the like: behind its content with Suricata, before it with Snort 3.
bool is_modifier(const KeywordRow& row) noexcept { return row.read == &read_modifier; }

}  // namespace

Signs find_signs(const RuleAst& rule) {
  Signs out;
  bool content = false;   // any so far
  bool modifier = false;  // any so far
  bool after = false;     // something to look for behind the last modifier
  if (rule.direction == RuleDirection::transactional) out.suricata = true;
  for (const auto& option : rule.options) {
    const std::string_view name = option.name;
    const auto* row = find_keyword(name);
    const bool snort = is_snort_option(name);
    if (row != nullptr && !snort) {
      out.suricata = true;
      return out;
    }
    if (row == nullptr && snort) out.snort3 = true;
    if (row == nullptr && !snort) out.unknown = true;
    if (row == nullptr) continue;
    if (is_modifier(*row) && !option.has_value) {
      if (!content) out.snort3 = true;
      modifier = true;
      after = false;
    }
    if (std::ranges::find(payload_words, name) != payload_words.end()) after = true;
    if (name == "content") {
      content = true;
      if (has_modifier_inside(option.value)) out.snort3 = true;
    }
    if (name == "flowbits" && option.value.find('&') != std::string::npos) out.snort3 = true;
    const bool between = option.value.find("<>") != std::string::npos;
    if ((name == "itype" || name == "icode") && between) out.differs = true;
  }
  // A buffer that nothing is looked for in is no buffer of Snort 3's.
  if (modifier && !after && !out.snort3) out.suricata = true;
  if (modifier && after) out.differs = true;
  return out;
}

Signs find_signs(const SnortRule& rule) {
  Signs out;
  out.snort3 = rule.head.size() <= 2;
  for (const auto& option : rule.options) {
    const std::string_view name = option.name.text;
    const bool snort = is_snort_option(name);
    const bool suricata = find_keyword(name) != nullptr;
    if (suricata && !snort) out.suricata = true;
    if (snort && !suricata) out.snort3 = true;
    if (name == "content" && option.items.size() > 1) out.snort3 = true;
    if (name == "flowbits" && option.raw.find('&') != std::string::npos) out.snort3 = true;
  }
  return out;
}

}  // namespace tocsin::rules::signature
