#include "daemon/config/nearest.h"

#include <algorithm>
#include <array>

namespace tocsin::daemon {
namespace {

constexpr std::size_t word_most = 64;

// Edits with transposition counted as one; three rolling rows.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, word_most + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  if (word.empty() || word.size() > word_most) return {};
  const std::string* best = nullptr;
  std::size_t least = word_most;
  for (const auto& candidate : candidates) {
    if (candidate.size() > word_most) continue;
    auto edits = distance(word, candidate);
    if (word.size() >= 3 && candidate.starts_with(word)) edits = std::min<std::size_t>(edits, 1);
    const auto allowed = std::clamp<std::size_t>(std::max(word.size(), candidate.size()) / 3, 1, 3);
    if (edits <= allowed && edits < least && edits < candidate.size()) {
      least = edits;
      best = &candidate;
    }
  }
  return best == nullptr ? std::string{} : *best;
}

}  // namespace tocsin::daemon
