#pragma once
// The two languages signatures are written in. Which one a file is in is said (option, configuration, name of the file)
// or found rule by rule; see parse/snort/choose.h.

#include <cstdint>
#include <optional>
#include <string_view>

namespace tocsin::rules::signature {

enum class Syntax : std::uint8_t { automatic, suricata, snort3 };

// "auto", "suricata", "snort3": as options and configuration write it.
std::string_view syntax_name(Syntax syntax) noexcept;
std::optional<Syntax> parse_syntax(std::string_view word) noexcept;

// What the name of a file says: ….snort3, ….snort3.rules, ….suricata.rules. Automatic: nothing.
Syntax marked_syntax(std::string_view file) noexcept;

// Next step of diagnostics about rules that could be in both.
inline constexpr std::string_view say_syntax =
    "Say which it is: --syntax, rules.syntax, or a name ending in .snort3.rules or .suricata.rules";

}  // namespace tocsin::rules::signature
