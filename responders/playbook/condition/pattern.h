#pragma once
// Regular expressions for MATCHES: the common part of PCRE without what makes time explode (no back-references, no
// look-around). All alternatives walk the text together, so a match costs text × program and never more, whoever
// wrote the text. Bytes, not code points. Immutable after compiling; any thread.

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"

namespace tocsin::responders {

class Pattern {
 public:
  // invalid with what and where; exhausted when the program would pass 2,048 instructions. A leading (?i) ignores case.
  static Result<Pattern> compile(std::string_view text);

  // Anywhere in the text, as STIX 2.1 section 9.6.1 asks; ^ and $ anchor.
  bool search(std::string_view text) const;

 private:
  friend class PatternCompiler;
  enum class Op : std::uint8_t { set, split, jump, begin, end, word, not_word, match };
  struct Instruction {
    Op op = Op::match;
    std::uint32_t a = 0;  // set: index in sets_; split, jump: target
    std::uint32_t b = 0;
  };
  class Threads;
  void follow(Threads& threads, std::uint32_t start, std::string_view text, std::size_t position) const;

  std::vector<Instruction> program_;
  std::vector<std::bitset<256>> sets_;
};

}  // namespace tocsin::responders
