#pragma once
// Many patterns over one text at once: Hyperscan when the processor has what it needs, else one after the other.

#include <string_view>
#include <vector>

#include "rules/pattern/hyperscan.h"
#include "rules/sigma/compile/predicate.h"

namespace tocsin::rules::sigma {

// Immutable after `compile`; thread-safe with a scratch per thread.
class PatternSet {
 public:
  // Predicates of kind pattern or regex; the pointer must stay valid.
  void add(PredicateId id, const Predicate* predicate);
  bool empty() const noexcept { return members_.empty(); }
  std::size_t size() const noexcept { return members_.size(); }
  // How many are matched one after the other because Hyperscan refused them.
  std::size_t slow() const noexcept { return plain_.size(); }
  void compile(const PatternOptions& options);
  void prepare(HyperscanScratch& scratch) const;

  // Appends the ids of those that match `text` (each at most once per call). `text` is what the members compare with:
  // folded for case-insensitive globs, as it is for the rest; valid UTF-8 when there are regular expressions.
  void scan(std::string_view text, HyperscanScratch& scratch, std::vector<PredicateId>& hits) const;

 private:
  struct Member {
    PredicateId id;
    const Predicate* predicate;
  };

  std::vector<Member> members_;
  std::vector<Member> plain_;
  HyperscanDatabase database_;
};

}  // namespace tocsin::rules::sigma
