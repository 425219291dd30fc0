#pragma once
// PCRE2 behind our own type: no JIT (memory stays W^X), limits on work and depth for every match. Regex is immutable
// and shared; RegexScratch belongs to one worker.

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/bytes.h"

namespace tocsin::rules::signature {

struct RegexFlags {
  bool caseless = false;         // i
  bool multiline = false;        // m
  bool dot_all = false;          // s
  bool extended = false;         // x
  bool anchored = false;         // A
  bool dollar_end_only = false;  // E
  bool ungreedy = false;         // G
};

struct RegexLimits {
  std::uint32_t matches = 100'000;  // internal steps of one match
  std::uint32_t depth = 2'000;      // backtracking depth
  std::uint32_t heap_kib = 1024;
};

class RegexScratch {
 public:
  explicit RegexScratch(const RegexLimits& limits = {});
  ~RegexScratch();
  RegexScratch(const RegexScratch&) = delete;
  RegexScratch& operator=(const RegexScratch&) = delete;

  // Matches that were given up because of a limit: counted, never silent.
  std::uint64_t limited() const noexcept { return limited_; }

 private:
  friend class Regex;
  struct State;
  std::unique_ptr<State> state_;
  std::uint64_t limited_ = 0;
};

class Regex {
 public:
  static std::expected<std::shared_ptr<const Regex>, std::string> compile(std::string_view pattern,
                                                                          const RegexFlags& flags);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  struct Span {
    std::size_t start;
    std::size_t end;
  };
  // The first match at or after `from`; group 0, or group 1 when asked and present.
  std::optional<Span> find(Bytes subject, std::size_t from, RegexScratch& scratch) const;
  std::optional<Span> find_group(Bytes subject, RegexScratch& scratch) const;
  // A group of the match just found in this scratch.
  std::optional<Span> group(std::size_t number, std::size_t size, const RegexScratch& scratch) const;
  std::uint32_t groups() const noexcept;
  // The number of a named group; 0: there is none of that name.
  std::uint32_t group_number(const std::string& name) const noexcept;

 private:
  Regex() = default;
  std::optional<Span> run(Bytes subject, std::size_t from, std::size_t group, RegexScratch& scratch) const;
  void* code_ = nullptr;
};

}  // namespace tocsin::rules::signature
