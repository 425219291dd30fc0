#pragma once
// Whole-text patterns with wildcards, for every language that has them: `--where`, STIX LIKE, Sigma. Characters are
// UTF-8 code points; a byte that is not UTF-8 stands for itself. The caller folds case. Pure; any thread.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/utf8.h"

namespace tocsin {

struct WildcardPart {
  enum class Kind : std::uint8_t { literal, any_run, any_one };
  Kind kind = Kind::literal;
  std::string text;  // of a literal; never empty
  friend bool operator==(const WildcardPart&, const WildcardPart&) = default;
};

// `any_run` and `any_one` are the two characters of the language, such as * and ?, or % and _; nothing escapes them.
std::vector<WildcardPart> parse_wildcard(std::string_view pattern, char any_run, char any_one);

// Part: like WildcardPart; further kinds match nothing. No recursion and no allocation. The cost is linear in the text,
// times the longest stretch between two runs when that holds an any_one.
template <class Part>
bool matches_wildcard(const std::vector<Part>& parts, std::string_view text) noexcept {
  using Kind = typename Part::Kind;
  constexpr auto none = static_cast<std::size_t>(-1);
  std::size_t part = 0;
  std::size_t at = 0;
  std::size_t run = none;  // the last any_run: when a later part fails, it takes one character more
  std::size_t run_end = 0;
  while (part < parts.size() || at < text.size()) {
    if (part < parts.size()) {
      const auto& p = parts[part];
      if (p.kind == Kind::any_run) {
        if (part + 1 == parts.size()) return true;
        run = part++;
        run_end = at;
        continue;
      }
      const auto rest = text.substr(at);
      const bool fits = p.kind == Kind::any_one ? !rest.empty() : p.kind == Kind::literal && rest.starts_with(p.text);
      if (fits) {
        at += p.kind == Kind::any_one ? step_of(rest) : p.text.size();
        ++part;
        continue;
      }
    }
    if (run == none || run_end >= text.size()) return false;
    run_end += step_of(text.substr(run_end));
    part = run + 1;
    if (const auto& next = parts[part]; next.kind == Kind::literal) {
      if (part + 1 == parts.size()) return text.substr(run_end).ends_with(next.text);
      const void* found = ::memmem(text.data() + run_end, text.size() - run_end, next.text.data(), next.text.size());
      if (found == nullptr) return false;
      run_end = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    }
    at = run_end;
  }
  return true;
}

}  // namespace tocsin
