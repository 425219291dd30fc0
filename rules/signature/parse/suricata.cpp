#include "rules/signature/parse/suricata.h"

#include "collectors/base/text.h"
#include "rules/signature/parse/rule_parser.h"

namespace tocsin::rules::signature {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'; }

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

}  // namespace

std::expected<RuleAst, Mistake> read_suricata_rule(std::string_view file, const LogicalLine& line) {
  return RuleReader(file, line).read();
}

}  // namespace tocsin::rules::signature
