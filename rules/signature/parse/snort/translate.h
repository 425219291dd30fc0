#pragma once
// A Snort 3 rule → the same tree a Suricata rule makes: every option is put into the words of the one table of keywords
// (keyword/keyword.h), so that from here on there is one language. An option that cannot be said with what the engine
// has refuses the rule and is named. Snort 3 rule writing guide.

#include <expected>
#include <span>
#include <string_view>

#include "rules/signature/parse/snort/lexer.h"

namespace tocsin::rules::signature {

std::expected<RuleAst, Mistake> translate_snort(std::string_view file, const SnortRule& rule);

// An option of Snort 3, supported or not: what tells the languages apart.
bool is_snort_option(std::string_view name) noexcept;

struct SnortOptionRow;
// Sorted by name.
std::span<const SnortOptionRow> snort_option_table() noexcept;

}  // namespace tocsin::rules::signature
