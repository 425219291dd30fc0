#include "rules/signature/parse/rule_parser.h"

#include <algorithm>
#include <array>
#include <expected>
#include <optional>

#include "collectors/base/text.h"

namespace tocsin::rules::signature {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'; }

// One rule's text after joining, and where each piece of it stood in the file.
class LogicalLine {
 public:
  void append(std::string_view piece, std::uint32_t line) {
    starts_.push_back({text_.size(), line});
    text_ += piece;
  }
  const std::string& text() const noexcept { return text_; }
  bool empty() const noexcept { return starts_.empty(); }
  Place place(std::size_t position) const noexcept {
    auto piece = std::ranges::upper_bound(starts_, position, {}, &Start::position);
    if (piece != starts_.begin()) --piece;
    return {piece->line, static_cast<std::uint32_t>(position - piece->position + 1)};
  }

 private:
  struct Start {
    std::size_t position;
    std::uint32_t line;
  };
  std::string text_;
  std::vector<Start> starts_;
};

class RuleReader {
 public:
  RuleReader(std::string_view file, const LogicalLine& line) : line_(line), text_(line.text()) {
    rule_.file = file;
    rule_.source = std::string(trim(text_));
  }

  std::expected<RuleAst, Mistake> read() {
    skip_blanks();
    rule_.place = line_.place(at_);
    if (!header()) return std::unexpected(std::move(mistake_));
    if (!options()) return std::unexpected(std::move(mistake_));
    return std::move(rule_);
  }

 private:
  bool wrong(std::string cause, std::string next, std::size_t at) {
    mistake_ = Mistake{"S0101", std::move(cause), std::move(next), line_.place(std::min(at, text_.size()))};
    return false;
  }

  void skip_blanks() noexcept {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  // A header word; inside brackets blanks belong to the word.
  bool word(Text& out, std::string_view what) {
    skip_blanks();
    const std::size_t start = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '[') ++depth;
      if (c == ']') --depth;
      if (depth <= 0 && (is_blank(c) || c == '(')) break;
      ++at_;
    }
    out.place = line_.place(start);
    if (at_ == start)
      return wrong("the rule header has no " + std::string(what),
                   "Write: action protocol source ports -> destination ports (options)", start);
    if (depth > 0) return wrong("a bracket of the " + std::string(what) + " is not closed", "Close it with ']'", start);
    for (const char c : text_.substr(start, at_ - start))
      if (!is_blank(c)) out.text += c;
    return true;
  }

  bool header() {
    if (!word(rule_.action, "action") || !word(rule_.protocol, "protocol")) return false;
    if (!word(rule_.source_addresses, "source address") || !word(rule_.source_ports, "source port")) return false;
    Text arrow;
    if (!word(arrow, "direction")) return false;
    if (arrow.text == "->") rule_.direction = RuleDirection::forward;
    else if (arrow.text == "<>") rule_.direction = RuleDirection::both;
    else if (arrow.text == "=>") rule_.direction = RuleDirection::transactional;
    else {
      mistake_ = Mistake{"S0102", "'" + arrow.text + "' is not a direction", "Use ->, <> or =>", arrow.place};
      return false;
    }
    return word(rule_.destination_addresses, "destination address") &&
           word(rule_.destination_ports, "destination port");
  }

  bool options() {
    skip_blanks();
    std::size_t end = text_.size();
    while (end > at_ && is_blank(text_[end - 1])) --end;
    if (at_ >= end || text_[at_] != '(')
      return wrong("the options do not start with '('", "Put the options in parentheses", at_);
    if (text_[end - 1] != ')') return wrong("the rule does not end with ')'", "Close the options with ')'", end);
    const std::size_t last = end - 1;
    ++at_;
    while (true) {
      skip_blanks();
      if (at_ >= last) return true;
      if (rule_.options.size() >= options_most)
        return wrong("the rule has too many options", "Split it into several rules", at_);
      if (!option(last)) return false;
    }
  }

  bool option(std::size_t last) {
    const std::size_t start = at_;
    std::size_t stop = start;
    // A semicolon ends the option unless a backslash stands before it: quotes do not protect it.
    while (stop < last && !(text_[stop] == ';' && text_[stop - 1] != '\\')) ++stop;
    if (stop >= last)
      return wrong("the option '" + std::string(trim(text_.substr(start, std::min<std::size_t>(last - start, 40)))) +
                       "' does not end with ';'",
                   "End each option with ';'", start);
    OptionAst option;
    option.place = line_.place(start);
    const std::string_view whole = text_.substr(start, stop - start);
    const std::size_t colon = whole.find(':');
    option.name = std::string(trim(whole.substr(0, colon)));
    if (colon != std::string_view::npos) {
      std::size_t value = colon + 1;
      while (value < whole.size() && is_blank(whole[value])) ++value;
      option.has_value = true;
      option.value = std::string(trim(whole.substr(value)));
      option.value_place = line_.place(start + value);
    } else {
      option.value_place = option.place;
    }
    at_ = stop + 1;
    if (option.name.empty()) {
      if (whole.empty() || trim(whole).empty()) return true;  // ";;" is harmless
      return wrong("an option has no name", "Write keyword:value;", start);
    }
    rule_.options.push_back(std::move(option));
    return true;
  }

  const LogicalLine& line_;
  std::string_view text_;
  std::size_t at_ = 0;
  RuleAst rule_;
  Mistake mistake_;
};

// The digits of `name:` as an option, 0 when there is none.
std::uint64_t find_number(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const auto before = trim(text.substr(0, at));
    if (before.empty() || (before.back() != ';' && before.back() != '(')) continue;
    const auto rest = trim(text.substr(at + name.size()));
    if (!rest.starts_with(':')) continue;
    const auto value = trim(rest.substr(1, rest.find(';') - 1));
    if (const auto number = parse_unsigned(value)) return *number;
  }
  return 0;
}

// The rule that a comment holds; empty when it holds none.
std::string_view commented_rule(std::string_view body) {
  while (!body.empty() && (body.front() == '#' || is_blank(body.front()))) body.remove_prefix(1);
  const auto word = body.substr(0, body.find_first_of(" \t"));
  static constexpr std::array<std::string_view, 5> actions{"alert", "drop", "pass", "reject", "config"};
  if (std::ranges::find(actions, word) == actions.end() || !body.ends_with(')')) return {};
  return find_number(body, "sid") == 0 ? std::string_view{} : body;
}

// What the gate makes of a line: itself, another text in its place, or nothing.
std::optional<LogicalLine> pass_gate(const LogicalLine& line, std::string_view body, bool commented,
                                     const RuleGate& gate) {
  std::string rewritten;
  const auto wanted = gate(body, commented, rewritten);
  if (!wanted) return std::nullopt;
  if (!commented && wanted->data() == body.data()) return line;
  LogicalLine out;
  out.append(*wanted, line.place(0).line);
  return out;
}

void read_rule(std::string_view file, const LogicalLine& given, std::vector<RuleAst>& rules, Diagnostics& diagnostics,
               const RuleGate& gate) {
  LogicalLine line = given;
  std::string_view body = trim(line.text());
  if (body.empty()) return;
  if (const bool commented = body.front() == '#'; commented || gate) {
    if (!gate) return;
    if (commented) body = commented_rule(body);
    if (body.empty()) return;
    auto passed = pass_gate(line, body, commented, gate);
    if (!passed) return;
    line = std::move(*passed);
    body = trim(line.text());
  }
  if (body.size() > rule_length_most) {
    const Place place = line.place(0);
    diagnostics.add({Severity::error, "S0103", std::string(file), place.line, place.column, "",
                     "the rule is longer than 1 MiB", "Split it into several rules"});
    return;
  }
  auto rule = RuleReader(file, line).read();
  if (rule) {
    rules.push_back(std::move(*rule));
    return;
  }
  auto& mistake = rule.error();
  diagnostics.add({Severity::error, mistake.code, std::string(file), mistake.place.line, mistake.place.column, "",
                   mistake.cause, mistake.next_step});
}

}  // namespace

std::string find_rule_id(std::string_view text) {
  const auto sid = find_number(text, "sid");
  if (sid == 0) return {};
  const auto gid = find_number(text, "gid");
  return std::to_string(gid == 0 ? 1 : gid) + ":" + std::to_string(sid);
}

std::vector<RuleAst> parse_rules(std::string_view file, std::string_view text, Diagnostics& diagnostics,
                                 const RuleGate& gate) {
  std::vector<RuleAst> rules;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::optional<LogicalLine> line;
  std::uint32_t number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view piece = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (piece.ends_with('\r')) piece.remove_suffix(1);
    if (!line) line.emplace();
    const bool comment = line->empty() && trim(piece).starts_with('#');
    if (!comment && piece.ends_with('\\')) {
      line->append(piece.substr(0, piece.size() - 1), number);
      continue;
    }
    line->append(piece, number);
    read_rule(file, *line, rules, diagnostics, gate);
    line.reset();
  }
  if (line) read_rule(file, *line, rules, diagnostics, gate);
  return rules;
}

}  // namespace tocsin::rules::signature
