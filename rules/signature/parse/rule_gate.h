#pragma once
// Somebody asked about each rule before it is read: analysts switch rules on, off, and change their text.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::rules::signature {

// "1:2019401", read off a rule's text without judging it; empty when it has no sid.
std::string find_rule_id(std::string_view text);

// Asked about each rule before it is read: its text, and whether its author commented it out. Gives the text to read
// (`rewritten` is there to hold another), or nothing when the rule is to be passed over.
using RuleGate =
    std::function<std::optional<std::string_view>(std::string_view text, bool commented, std::string& rewritten)>;

// The rule that a comment's line holds; empty when it holds none.
std::string_view commented_rule(std::string_view line);

}  // namespace tocsin::rules::signature
