#pragma once
// Snort 3 rule text → words and options with places, nothing interpreted. A rule may span lines without backslashes,
// strings protect semicolons, commas separate the parts of a value, the head may be an action and a protocol alone.
// Snort 3 user manual, "Rules". Never throws; cost is linear in the text.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/signature/parse/rule_ast.h"

namespace tocsin::rules::signature {

struct SnortOption {
  Text name;
  bool has_value = false;
  std::string raw;          // the whole value, trimmed; strings and escapes untouched
  std::vector<Text> items;  // the same, parted by commas outside strings
  Place value_place;
};

struct SnortRule {
  Place place;
  std::string source;
  std::vector<Text> head;  // action … up to the parenthesis
  std::vector<SnortOption> options;
};

// Where reading stands in a file.
struct SourceCursor {
  std::string_view text;
  std::size_t at = 0;
  std::uint32_t line = 1;
  std::size_t line_start = 0;
  bool blocks_end = true;    // a "#end" may still follow
  bool comments_end = true;  // a "*/" may still follow

  bool ended() const noexcept { return at >= text.size(); }
  char now() const noexcept { return at < text.size() ? text[at] : '\0'; }
  Place place() const noexcept { return {line, static_cast<std::uint32_t>(at - line_start + 1)}; }
  void step() noexcept;
  void skip_line() noexcept;  // to the start of the next
  // Past the "/*" that starts here; false: nothing closes it.
  bool skip_comment() noexcept;
};

// Blanks and comments: "# …", "#begin … #end" on lines of their own, "/* … */". One that nothing closes is left.
// Stop: also at a comment of one line, which may hold a rule.
enum class Comments : std::uint8_t { skip, stop };
void skip_between_rules(SourceCursor& cursor, Comments comments) noexcept;

// From the first word of a rule; leaves the cursor behind its closing parenthesis. On a mistake the cursor stands where
// reading failed: see skip_to_rule.
std::expected<SnortRule, Mistake> lex_snort_rule(SourceCursor& cursor);

// To the next line that begins like a rule: what follows a broken rule is read again from there.
void skip_to_rule(SourceCursor& cursor) noexcept;
// The text begins with the name of an action and a blank.
bool begins_rule(std::string_view text) noexcept;

}  // namespace tocsin::rules::signature
