#include "rules/signature/prefilter/pattern_database.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <hs/hs.h>

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

int on_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
  static_cast<std::vector<std::uint32_t>*>(context)->push_back(id);
  return 0;
}

}  // namespace

bool hyperscan_usable() noexcept { return hs_valid_platform() == HS_SUCCESS; }

PatternScratch::PatternScratch() = default;
PatternScratch::~PatternScratch() { hs_free_scratch(static_cast<hs_scratch_t*>(scratch_)); }

PatternDatabase::~PatternDatabase() { hs_free_database(static_cast<hs_database_t*>(database_)); }

PatternDatabase::PatternDatabase(PatternDatabase&& other) noexcept
    : patterns_(std::move(other.patterns_)),
      longest_(other.longest_),
      database_(std::exchange(other.database_, nullptr)),
      tables_(std::move(other.tables_)) {}

PatternDatabase& PatternDatabase::operator=(PatternDatabase&& other) noexcept {
  if (this == &other) return *this;
  hs_free_database(static_cast<hs_database_t*>(database_));
  patterns_ = std::move(other.patterns_);
  longest_ = other.longest_;
  database_ = std::exchange(other.database_, nullptr);
  tables_ = std::move(other.tables_);
  return *this;
}

PatternDatabase PatternDatabase::build(std::vector<Pattern> patterns, Matcher matcher) {
  PatternDatabase out;
  out.patterns_ = std::move(patterns);
  for (const auto& pattern : out.patterns_) {
    TOCSIN_ASSERT(!pattern.bytes.empty());
    out.longest_ = std::max(out.longest_, pattern.bytes.size());
  }
  if (out.patterns_.empty()) return out;
  const bool wanted = matcher == Matcher::hyperscan || (matcher == Matcher::automatic && hyperscan_usable());
  if (!wanted || !out.build_hyperscan()) out.build_plain();
  return out;
}

bool PatternDatabase::build_hyperscan() {
  std::vector<const char*> expressions;
  std::vector<std::size_t> lengths;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    expressions.push_back(reinterpret_cast<const char*>(patterns_[i].bytes.data()));
    lengths.push_back(patterns_[i].bytes.size());
    flags.push_back(HS_FLAG_SINGLEMATCH | (patterns_[i].nocase ? HS_FLAG_CASELESS : 0U));
    ids.push_back(static_cast<unsigned>(i));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const auto status =
      hs_compile_lit_multi(expressions.data(), flags.data(), ids.data(), lengths.data(),
                           static_cast<unsigned>(expressions.size()), HS_MODE_BLOCK, nullptr, &database, &error);
  if (status != HS_SUCCESS) {
    hs_free_compile_error(error);
    return false;
  }
  database_ = database;
  return true;
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
  if (database_ != nullptr) {
    auto* raw = static_cast<hs_scratch_t*>(scratch.scratch_);
    TOCSIN_ASSERT(hs_alloc_scratch(static_cast<const hs_database_t*>(database_), &raw) == HS_SUCCESS);
    scratch.scratch_ = raw;
  } else if (scratch.seen_.size() < patterns_.size()) {
    scratch.seen_.resize(patterns_.size());
  }
}

void PatternDatabase::scan(Bytes bytes, PatternScratch& scratch, std::vector<std::uint32_t>& found) const {
  if (patterns_.empty() || bytes.empty()) return;
  if (database_ == nullptr) {
    scan_plain(bytes, scratch, found);
    return;
  }
  TOCSIN_ASSERT(hs_scan(static_cast<const hs_database_t*>(database_), reinterpret_cast<const char*>(bytes.data()),
                        static_cast<unsigned>(bytes.size()), 0, static_cast<hs_scratch_t*>(scratch.scratch_), on_match,
                        &found) == HS_SUCCESS);
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
