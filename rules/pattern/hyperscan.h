#pragma once
// Hyperscan behind our own types: compile, scratch memory, scan, and whether this processor runs it at all. The only
// place that includes the library. A database is immutable and shared; a scratch belongs to one worker.

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"
#include "rules/pattern/cache.h"

struct hs_database;
struct hs_scratch;

namespace tocsin::rules {

// automatic: where the processor can and the library accepts the patterns; else, and with off, the engine's own
// matcher with the same answers.
enum class Acceleration : std::uint8_t { automatic, off };

// How an engine's patterns are compiled.
struct PatternOptions {
  Acceleration acceleration = Acceleration::automatic;
  std::shared_ptr<const PatternCache> cache;  // null: compiled each time
};

// False on processors without SSSE3. hyperscan_remark says so to people.
bool hyperscan_usable() noexcept;
inline constexpr std::string_view hyperscan_remark =
    "Hyperscan is not usable on this processor (no SSSE3): the plain matcher is in use.";

struct HyperscanLiteral {
  std::uint32_t id = 0;
  Bytes bytes;  // never empty
  bool ignore_case = false;
};

// In PCRE syntax.
struct HyperscanExpression {
  std::uint32_t id = 0;
  std::string text;
  bool utf8 = false;
  bool ignore_case = false;
  bool multiline = false;
  bool dot_all = false;
  bool allow_empty = false;  // may match the empty text
};

// Why the library refused.
struct HyperscanProblem {
  std::string message;
  std::optional<std::size_t> index;  // of the pattern it is about
};

// Whether the library takes this one.
bool hyperscan_accepts(const HyperscanExpression& expression);

class HyperscanScratch {
 public:
  HyperscanScratch() = default;

 private:
  friend class HyperscanDatabase;
  struct Free {
    void operator()(hs_scratch* scratch) const noexcept;
  };
  std::unique_ptr<hs_scratch, Free> scratch_;
};

class HyperscanDatabase {
 public:
  HyperscanDatabase() = default;
  // From the cache if it is there, else compiled and put there. `cache` may be null.
  static std::expected<HyperscanDatabase, HyperscanProblem> compile(std::span<const HyperscanLiteral> literals,
                                                                    const PatternCache* cache = nullptr);
  static std::expected<HyperscanDatabase, HyperscanProblem> compile(std::span<const HyperscanExpression> expressions,
                                                                    const PatternCache* cache = nullptr);

  explicit operator bool() const noexcept { return database_ != nullptr; }
  // Makes the scratch fit this database too; once per database and worker, before the first scan.
  void prepare(HyperscanScratch& scratch) const;
  // Appends the id of each pattern that matches, once, in any order. Allocates only when `found` has to grow. False:
  // the library gave up within, nothing was appended, and the caller has to ask its patterns some other way.
  [[nodiscard]] bool scan(Bytes bytes, HyperscanScratch& scratch, std::vector<std::uint32_t>& found) const;

 private:
  struct Free {
    void operator()(hs_database* database) const noexcept;
  };
  static HyperscanDatabase from_cache(const PatternCache* cache, const std::string& key);
  static HyperscanDatabase keep(hs_database* database, const PatternCache* cache, const std::string& key);

  std::unique_ptr<hs_database, Free> database_;
};

}  // namespace tocsin::rules
