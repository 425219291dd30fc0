#pragma once
// Many byte patterns looked for at once. Hyperscan where the processor can run it, else a plain matcher with the same
// answers (tested to be equal). A database is immutable and shared; scratch memory belongs to one worker.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::rules::signature {

struct Pattern {
  std::vector<std::uint8_t> bytes;  // lower case when nocase; never empty
  bool nocase = false;
  friend auto operator<=>(const Pattern&, const Pattern&) = default;
};

enum class Matcher : std::uint8_t { automatic, hyperscan, plain };

// Whether this processor runs Hyperscan (SSSE3).
bool hyperscan_usable() noexcept;

class PatternScratch {
 public:
  PatternScratch();
  ~PatternScratch();
  PatternScratch(const PatternScratch&) = delete;
  PatternScratch& operator=(const PatternScratch&) = delete;

 private:
  friend class PatternDatabase;
  void* scratch_ = nullptr;          // of Hyperscan, fits all databases it was prepared for
  std::vector<std::uint32_t> seen_;  // plain matcher: patterns already reported in this scan
  std::uint32_t scan_ = 0;
};

class PatternDatabase {
 public:
  PatternDatabase() = default;
  ~PatternDatabase();
  PatternDatabase(PatternDatabase&&) noexcept;
  PatternDatabase& operator=(PatternDatabase&&) noexcept;

  // Pattern numbers are their positions. Falls back to the plain matcher when Hyperscan refuses.
  static PatternDatabase build(std::vector<Pattern> patterns, Matcher matcher);

  bool empty() const noexcept { return patterns_.empty(); }
  std::size_t size() const noexcept { return patterns_.size(); }
  std::size_t longest() const noexcept { return longest_; }
  bool plain() const noexcept { return database_ == nullptr; }
  // Makes the scratch fit; once per database and worker, before the first scan.
  void prepare(PatternScratch& scratch) const;

  // Appends the number of each pattern that occurs, once, in any order.
  void scan(Bytes bytes, PatternScratch& scratch, std::vector<std::uint32_t>& found) const;

 private:
  void build_plain();
  void scan_plain(Bytes bytes, PatternScratch& scratch, std::vector<std::uint32_t>& found) const;
  bool build_hyperscan();

  std::vector<Pattern> patterns_;
  std::size_t longest_ = 0;
  void* database_ = nullptr;
  // Plain matcher: patterns by the hash of their first bytes, one table per prefix length 1-4.
  struct PrefixTable {
    std::size_t length = 0;
    std::vector<std::uint32_t> first;  // by hash: start in `items`
    std::vector<std::uint32_t> items;
    bool used = false;
  };
  std::vector<PrefixTable> tables_;
};

}  // namespace tocsin::rules::signature
