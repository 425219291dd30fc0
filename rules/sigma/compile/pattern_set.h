#pragma once
// Many patterns over one text at once: Hyperscan when the processor has what it needs, else one after the other.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/sigma/compile/predicate.h"

namespace tocsin::rules::sigma {

enum class Acceleration : std::uint8_t { automatic, off };

// False on processors without SSSE3.
bool hyperscan_usable() noexcept;

// Scratch memory of one worker for all sets it scans with.
class PatternScratch {
 public:
  PatternScratch();
  ~PatternScratch();
  PatternScratch(const PatternScratch&) = delete;
  PatternScratch& operator=(const PatternScratch&) = delete;

 private:
  friend class PatternSet;
  struct State;
  std::unique_ptr<State> state_;
};

// Immutable after `compile`; thread-safe with a scratch per thread.
class PatternSet {
 public:
  PatternSet();
  ~PatternSet();
  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;

  // Predicates of kind pattern or regex; the pointer must stay valid.
  void add(PredicateId id, const Predicate* predicate);
  bool empty() const noexcept { return members_.empty(); }
  std::size_t size() const noexcept { return members_.size(); }
  // How many are matched one after the other because Hyperscan refused them.
  std::size_t slow() const noexcept { return plain_.size(); }
  void compile(Acceleration acceleration);
  void prepare(PatternScratch& scratch) const;

  // Appends the ids of those that match `text` (each at most once per call). `text` is what the members compare with:
  // folded for case-insensitive globs, as it is for the rest; valid UTF-8 when there are regular expressions.
  void scan(std::string_view text, PatternScratch& scratch, std::vector<PredicateId>& hits) const;

 private:
  struct Member {
    PredicateId id;
    const Predicate* predicate;
  };
  struct Database;

  std::vector<Member> members_;
  std::vector<Member> plain_;
  std::unique_ptr<Database> database_;
};

}  // namespace tocsin::rules::sigma
