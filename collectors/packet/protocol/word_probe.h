#pragma once
// For text protocols: is this how one of them begins?

#include <algorithm>
#include <span>
#include <string_view>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

// yes: the word stands at the front, whatever its case; more: what is there could still become it.
inline Probe probe_word(std::string_view text, std::string_view word) noexcept {
  const std::size_t count = std::min(text.size(), word.size());
  if (!equals_ignoring_case(text.substr(0, count), word.substr(0, count))) return Probe::no;
  return count == word.size() ? Probe::yes : Probe::more;
}

// Any of them.
inline Probe probe_words(std::string_view text, std::span<const std::string_view> words) noexcept {
  Probe best = Probe::no;
  for (const std::string_view word : words) {
    const Probe answer = probe_word(text, word);
    if (answer == Probe::yes) return answer;
    if (answer == Probe::more) best = answer;
  }
  return best;
}

}  // namespace tocsin::collectors
