#pragma once
// Checks and compiles regular expressions of rules (PCRE2, JIT off so that memory stays W^X, match limits on).

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rules/sigma/parse/term.h"

namespace tocsin::rules::sigma {

class Regex {
 public:
  Regex() = default;
  explicit operator bool() const noexcept { return code_ != nullptr; }
  // Unanchored. Over a limit, or on text that is not UTF-8, the answer is no. Thread-safe.
  bool search(std::string_view text) const;

 private:
  friend std::optional<std::string> compile_regex(std::string_view, const RegexFlags&, Regex&);
  std::shared_ptr<const void> code_;
};

// The reason it is not a valid expression, or nothing. Escapes of letters without a meaning, and global flags that are
// not at the start, are refused, as all Sigma tools do.
std::optional<std::string> compile_regex(std::string_view expression, const RegexFlags& flags, Regex& out);

}  // namespace tocsin::rules::sigma
