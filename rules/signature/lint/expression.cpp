#include "rules/signature/lint/expression.h"

namespace tocsin::rules::signature {
namespace {

// A repeat: "*", "+", "?", "{n,m}", and whether it is unbounded. Possessive ones ("*+") give nothing back and are
// harmless.
struct Repeat {
  std::size_t length = 0;
  bool unbounded = false;
};
Repeat repeat_at(std::string_view text, std::size_t at) noexcept {
  Repeat out;
  if (at >= text.size()) return out;
  if (text[at] == '*' || text[at] == '+' || text[at] == '?') {
    out = {1, text[at] != '?'};
  } else if (text[at] == '{') {
    const auto close = text.find('}', at);
    if (close == std::string_view::npos || close - at > 16) return out;
    out = {close - at + 1, text[close - 1] == ','};
  }
  if (out.length == 0 || at + out.length >= text.size()) return out;
  const char behind = text[at + out.length];
  if (behind == '+') out.unbounded = false;
  if (behind == '+' || behind == '?') ++out.length;
  return out;
}

// Past a class such as [^\]a].
std::size_t end_of_class(std::string_view text, std::size_t at) noexcept {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    else if (text[i] == ']' && i > at + 1 && !(i == at + 2 && text[at + 1] == '^')) return i;
  }
  return text.size();
}

}  // namespace

ExpressionShape look_at_expression(std::string_view text) {
  ExpressionShape out;
  // Flags in front: (?i)
  while (text.starts_with("(?") && text.size() > 2 && text[2] >= 'a' && text[2] <= 'z') {
    const auto close = text.find(')');
    if (close == std::string_view::npos || text.substr(0, close).find(':') != std::string_view::npos) break;
    text.remove_prefix(close + 1);
  }
  out.anchored = text.starts_with('^') || text.starts_with("\\A");
  out.leading_wildcard = text.starts_with(".*") || text.starts_with(".+");
  // One bit a level of nesting: the group at that level holds an unbounded repeat.
  std::uint64_t holds_repeat = 0;
  unsigned depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::size_t item = i;
    if (c == '\\') ++i;
    else if (c == '[') i = end_of_class(text, i);
    else if (c == '(') {
      if (++depth >= 63) return out;
      holds_repeat &= ~(std::uint64_t{1} << depth);
      continue;
    } else if (c == ')') {
      if (depth == 0) return out;
      const bool inner = (holds_repeat >> depth & 1U) != 0;
      --depth;
      const auto repeat = repeat_at(text, i + 1);
      if (repeat.unbounded && inner) out.nested = true;
      if (repeat.unbounded || inner) holds_repeat |= std::uint64_t{1} << depth;
      i += repeat.length;
      continue;
    }
    const auto repeat = repeat_at(text, i + 1);
    i += repeat.length;
    if (!repeat.unbounded) continue;
    holds_repeat |= std::uint64_t{1} << depth;
    if (text[item] == '.') ++out.wildcards;
  }
  return out;
}

std::string_view expression_of(const PcreTest& test) noexcept {
  const std::string_view text = test.text;
  const auto open = text.find('/');
  const auto close = text.rfind('/');
  if (open == std::string_view::npos || close <= open) return {};
  return text.substr(open + 1, close - open - 1);
}

}  // namespace tocsin::rules::signature
