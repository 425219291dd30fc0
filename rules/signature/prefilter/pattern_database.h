#pragma once
// Many byte patterns looked for at once. Hyperscan where the processor can run it, else a plain matcher with the same
// answers (tested to be equal). A database is immutable and shared; scratch memory belongs to one worker.

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"
#include "rules/pattern/hyperscan.h"

namespace tocsin::rules::signature {

struct Pattern {
  std::vector<std::uint8_t> bytes;  // lower case when nocase; never empty
  bool nocase = false;
  friend auto operator<=>(const Pattern&, const Pattern&) = default;
};

class PatternScratch {
  friend class PatternDatabase;
  HyperscanScratch hyperscan_;
  std::vector<std::uint32_t> seen_;  // plain matcher: patterns already reported in this scan
  std::uint32_t scan_ = 0;
};

class PatternDatabase {
 public:
  // Pattern numbers are their positions. Falls back to the plain matcher when Hyperscan refuses.
  static PatternDatabase build(std::vector<Pattern> patterns, const PatternOptions& options);

  bool empty() const noexcept { return patterns_.empty(); }
  std::size_t size() const noexcept { return patterns_.size(); }
  std::size_t longest() const noexcept { return longest_; }
  bool plain() const noexcept { return !database_; }
  // What Hyperscan said when it refused; empty when it was not asked or took the patterns.
  const std::string& refusal() const noexcept { return refusal_; }
  // Makes the scratch fit; once per database and worker, before the first scan.
  void prepare(PatternScratch& scratch) const;

  // Appends the number of each pattern that occurs, once, in any order.
  void scan(Bytes bytes, PatternScratch& scratch, std::vector<std::uint32_t>& found) const;

 private:
  void build_hyperscan(const PatternCache* cache);
  void build_plain();
  void scan_plain(Bytes bytes, PatternScratch& scratch, std::vector<std::uint32_t>& found) const;

  std::vector<Pattern> patterns_;
  std::size_t longest_ = 0;
  HyperscanDatabase database_;
  std::string refusal_;
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
