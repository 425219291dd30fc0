#include "rules/signature/parse/snort/lexer.h"

#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "rules/signature/parse/rule_parser.h"

namespace tocsin::rules::signature {
namespace {

constexpr std::array<std::string_view, 12> actions{"alert", "pass",  "drop",    "block", "reject", "log",
                                                   "react", "reset", "rewrite", "sdrop", "config", "file_id"};

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'; }

class Lexer {
 public:
  explicit Lexer(SourceCursor& cursor) : cursor_(cursor), start_(cursor.at) { rule_.place = cursor.place(); }

  std::expected<SnortRule, Mistake> read() {
    if (!head() || !options()) return std::unexpected(std::move(mistake_));
    const auto text = cursor_.text.substr(start_, cursor_.at - start_);
    rule_.source.reserve(text.size());
    for (const char c : text) rule_.source += c == '\n' || c == '\r' ? ' ' : c;
    return std::move(rule_);
  }

 private:
  bool wrong(std::string cause, std::string next, const Place& place, std::string code = "S0101") {
    mistake_ = Mistake{std::move(code), std::move(cause), std::move(next), place};
    return false;
  }

  bool too_long() const noexcept { return cursor_.at - start_ > rule_length_most; }
  bool check_length() {
    return !too_long() || wrong("the rule is longer than 1 MiB", "Split it into several rules", rule_.place, "S0103");
  }

  // Blanks and comments inside a rule. False: the rule ends before it is closed.
  bool skip() {
    while (!cursor_.ended()) {
      const char c = cursor_.now();
      const bool fresh_line = cursor_.at == cursor_.line_start && cursor_.at != start_;
      if (fresh_line && begins_rule(cursor_.text.substr(cursor_.at)))
        return wrong("the rule is not closed before the next one begins", "Close the options with ')'", rule_.place);
      if (c == '#') cursor_.skip_line();
      else if (c == '\\' || is_blank(c)) cursor_.step();
      else if (!cursor_.text.substr(cursor_.at).starts_with("/*")) return check_length();
      else if (!cursor_.skip_comment()) return wrong("a comment is not closed", "Close it with '*/'", cursor_.place());
      if (too_long()) return check_length();
    }
    return wrong("the rule is not closed before the file ends", "Close the options with ')'", rule_.place);
  }

  bool head() {
    while (true) {
      if (!skip()) return false;
      if (cursor_.now() == '(') break;
      if (rule_.head.size() >= 8)
        return wrong("the rule's head has too many words",
                     "Write: action protocol [addresses ports -> addresses ports]", cursor_.place());
      if (!head_word()) return false;
    }
    if (rule_.head.empty()) return wrong("the rule has no action", "Begin it with alert", cursor_.place());
    cursor_.step();
    return true;
  }

  // Inside brackets blanks belong to the word.
  bool head_word() {
    Text word;
    word.place = cursor_.place();
    int depth = 0;
    while (!cursor_.ended()) {
      const char c = cursor_.now();
      if (c == '[') ++depth;
      if (c == ']') --depth;
      if (depth <= 0 && (is_blank(c) || c == '(')) break;
      if (!is_blank(c) && c != '\\') word.text += c;
      cursor_.step();
      if (too_long()) return check_length();
    }
    if (depth > 0) return wrong("a bracket of the rule's head is not closed", "Close it with ']'", word.place);
    rule_.head.push_back(std::move(word));
    return true;
  }

  bool options() {
    while (true) {
      if (!skip()) return false;
      if (cursor_.now() == ')') {
        cursor_.step();
        return true;
      }
      if (cursor_.now() == ';') {
        cursor_.step();
        continue;
      }
      if (rule_.options.size() >= options_most)
        return wrong("the rule has too many options", "Split it into several rules", cursor_.place());
      if (!option()) return false;
    }
  }

  bool option() {
    SnortOption option;
    option.name.place = cursor_.place();
    while (!cursor_.ended() && std::string_view(":;),(\"").find(cursor_.now()) == std::string_view::npos &&
           !is_blank(cursor_.now())) {
      option.name.text += cursor_.now();
      cursor_.step();
    }
    if (option.name.text.empty())
      return wrong("an option has no name", "Write option; or option:value;", option.name.place);
    if (!skip()) return false;
    option.value_place = option.name.place;
    if (cursor_.now() == ':') {
      cursor_.step();
      if (!skip()) return false;
      option.has_value = true;
      option.value_place = cursor_.place();
      if (!value(option)) return false;
    }
    if (cursor_.now() == ';') cursor_.step();
    else if (cursor_.now() != ')')
      return wrong("the option '" + option.name.text + "' does not end with ';'", "End each option with ';'",
                   cursor_.place());
    rule_.options.push_back(std::move(option));
    return true;
  }

  bool value(SnortOption& option) {
    // These are text up to the semicolon, whatever is in it.
    const bool plain = option.name.text == "metadata" || option.name.text == "reference";
    Text item;
    item.place = cursor_.place();
    const auto end_item = [&] {
      item.text = std::string(trim(item.text));
      option.items.push_back(std::move(item));
      item = Text{};
    };
    while (true) {
      if (cursor_.ended()) return skip();
      const char c = cursor_.now();
      if (c == ';' || (!plain && c == ')')) break;
      if (c == '\n') {
        if (!skip()) return false;
        item.text += ' ';
        option.raw += ' ';
        continue;
      }
      if (c == '"' && !plain) {
        const std::size_t from = item.text.size();
        if (!quoted(item.text)) return false;
        option.raw.append(item.text, from);
        continue;
      }
      option.raw += c;
      cursor_.step();
      if (c == ',' && !plain) {
        end_item();
        if (!skip()) return false;
        item.place = cursor_.place();
        continue;
      }
      item.text += c;
      if (too_long()) return check_length();
    }
    end_item();
    option.raw = std::string(trim(option.raw));
    return true;
  }

  bool quoted(std::string& out) {
    const Place place = cursor_.place();
    out += '"';
    cursor_.step();
    while (!cursor_.ended()) {
      const char c = cursor_.now();
      if (c == '\n') break;
      out += c;
      cursor_.step();
      if (c == '"') return true;
      if (c == '\\' && !cursor_.ended() && cursor_.now() != '\n') {
        out += cursor_.now();
        cursor_.step();
      }
      if (too_long()) return check_length();
    }
    return wrong("a string is not closed on its line", "Close it with '\"'", place);
  }

  SourceCursor& cursor_;
  std::size_t start_;
  SnortRule rule_;
  Mistake mistake_;
};

}  // namespace

void SourceCursor::step() noexcept {
  if (at >= text.size()) return;
  if (text[at++] != '\n') return;
  ++line;
  line_start = at;
}

void SourceCursor::skip_line() noexcept {
  const auto end = text.find('\n', at);
  at = end == std::string_view::npos ? text.size() : end;
  step();
}

bool SourceCursor::skip_comment() noexcept {
  const auto end = comments_end ? text.find("*/", at + 2) : std::string_view::npos;
  comments_end = end != std::string_view::npos;
  while (comments_end && at < end + 2) step();
  return comments_end;
}

bool begins_rule(std::string_view text) noexcept {
  const auto end = text.find_first_of(" \t");
  return end != std::string_view::npos && std::ranges::find(actions, text.substr(0, end)) != actions.end();
}

namespace {

bool begins_block(std::string_view text) noexcept {
  return equals_ignoring_case(text.substr(0, 6), "#begin") && (text.size() == 6 || is_blank(text[6]));
}

// Where the line with "#end" starts; 0: there is none, so that "#begin" is a comment like others.
std::size_t end_of_block(std::string_view text) noexcept {
  for (auto at = text.find("\n#"); at != std::string_view::npos; at = text.find("\n#", at + 1))
    if (equals_ignoring_case(text.substr(at + 1, 4), "#end")) return at + 1;
  return 0;
}

}  // namespace

void skip_between_rules(SourceCursor& cursor, Comments comments) noexcept {
  while (!cursor.ended()) {
    const auto rest = cursor.text.substr(cursor.at);
    if (is_blank(rest.front())) {
      cursor.step();
    } else if (rest.front() == '#') {
      const bool begins = cursor.blocks_end && cursor.at == cursor.line_start && begins_block(rest);
      const std::size_t block = begins ? end_of_block(rest) : 0;
      if (begins && block == 0) cursor.blocks_end = false;
      if (block == 0 && comments == Comments::stop) return;
      while (cursor.at < cursor.text.size() - rest.size() + block) cursor.step();
      cursor.skip_line();
    } else if (rest.starts_with("/*")) {
      if (!cursor.skip_comment()) return;
    } else {
      return;
    }
  }
}

std::expected<SnortRule, Mistake> lex_snort_rule(SourceCursor& cursor) { return Lexer(cursor).read(); }

void skip_to_rule(SourceCursor& cursor) noexcept {
  if (cursor.at == cursor.line_start && begins_rule(cursor.text.substr(cursor.at))) return;
  do cursor.skip_line();
  while (!cursor.ended() && !begins_rule(cursor.text.substr(cursor.at)));
}

}  // namespace tocsin::rules::signature
