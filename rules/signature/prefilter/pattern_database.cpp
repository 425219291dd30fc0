#include "rules/signature/prefilter/pattern_database.h"

#include <algorithm>
#include <cstring>

#include "collectors/base/assert.h"
#include "rules/signature/match/search.h"

namespace tocsin::rules::signature {
namespace {

constexpr std::size_t buckets = 1U << 12;

std::uint32_t prefix_hash(const std::uint8_t* bytes, std::size_t length) noexcept {
  std::uint32_t key = 0;
  for (std::size_t i = 0; i < length; ++i) key = (key << 8) | lower_byte(bytes[i]);
  return (key * 2654435761U) >> 20;
}

}  // namespace

PatternDatabase PatternDatabase::build(std::vector<Pattern> patterns, const PatternOptions& options) {
  PatternDatabase out;
  out.patterns_ = std::move(patterns);
  for (const auto& pattern : out.patterns_) {
    TOCSIN_ASSERT(!pattern.bytes.empty());
    out.longest_ = std::max(out.longest_, pattern.bytes.size());
  }
  if (out.patterns_.empty()) return out;
  if (options.acceleration == Acceleration::automatic && hyperscan_usable()) out.build_hyperscan(options.cache.get());
  if (!out.database_) out.build_plain();
  return out;
}

void PatternDatabase::build_hyperscan(const PatternCache* cache) {
  std::vector<HyperscanLiteral> literals;
  literals.reserve(patterns_.size());
  for (std::size_t i = 0; i < patterns_.size(); ++i)
    literals.push_back({static_cast<std::uint32_t>(i), patterns_[i].bytes, patterns_[i].nocase});
  if (auto database = HyperscanDatabase::compile(literals, cache)) database_ = std::move(*database);
  else refusal_ = std::move(database.error().message);
}

void PatternDatabase::build_plain() {
  tables_.clear();
  for (std::size_t length = 1; length <= 4; ++length) {
    PrefixTable table;
    table.length = length;
    std::vector<std::vector<std::uint32_t>> lists(buckets);
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
      if (std::min<std::size_t>(patterns_[i].bytes.size(), 4) != length) continue;
      lists[prefix_hash(patterns_[i].bytes.data(), length)].push_back(static_cast<std::uint32_t>(i));
      table.used = true;
    }
    if (!table.used) continue;
    for (const auto& list : lists) {
      table.first.push_back(static_cast<std::uint32_t>(table.items.size()));
      table.items.insert(table.items.end(), list.begin(), list.end());
    }
    table.first.push_back(static_cast<std::uint32_t>(table.items.size()));
    tables_.push_back(std::move(table));
  }
}

void PatternDatabase::prepare(PatternScratch& scratch) const {
  if (database_) database_.prepare(scratch.hyperscan_);
  else if (scratch.seen_.size() < patterns_.size()) scratch.seen_.resize(patterns_.size());
}

void PatternDatabase::scan(Bytes bytes, PatternScratch& scratch, std::vector<std::uint32_t>& found) const {
  if (patterns_.empty() || bytes.empty()) return;
  if (!database_) return scan_plain(bytes, scratch, found);
  if (database_.scan(bytes, scratch.hyperscan_, found)) return;
  // What cannot be ruled out is looked at.
  for (std::uint32_t id = 0; id < patterns_.size(); ++id) found.push_back(id);
}

void PatternDatabase::scan_plain(Bytes bytes, PatternScratch& scratch, std::vector<std::uint32_t>& found) const {
  if (++scratch.scan_ == 0) {
    std::ranges::fill(scratch.seen_, 0U);
    scratch.scan_ = 1;
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::size_t left = bytes.size() - at;
    for (const auto& table : tables_) {
      if (table.length > left) continue;
      const std::uint32_t hash = prefix_hash(bytes.data() + at, table.length);
      for (std::uint32_t item = table.first[hash]; item < table.first[hash + 1]; ++item) {
        const std::uint32_t id = table.items[item];
        const auto& pattern = patterns_[id];
        if (scratch.seen_[id] == scratch.scan_ || pattern.bytes.size() > left) continue;
        const bool same = pattern.nocase
                              ? equals_lower(bytes.data() + at, pattern.bytes.data(), pattern.bytes.size())
                              : std::memcmp(bytes.data() + at, pattern.bytes.data(), pattern.bytes.size()) == 0;
        if (!same) continue;
        scratch.seen_[id] = scratch.scan_;
        found.push_back(id);
      }
    }
  }
}

}  // namespace tocsin::rules::signature
