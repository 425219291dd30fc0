#pragma once
// "Did you mean": the closest of some known words.

#include <span>
#include <string>
#include <string_view>

namespace tocsin::daemon {

// The candidate within a third of its length in edits (Damerau-Levenshtein, at most 3), or one that `word` begins;
// empty when none is close. First wins on a tie. Cost: |word| * |candidate|; words over 64 bytes match nothing.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace tocsin::daemon
