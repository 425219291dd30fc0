#pragma once
// What analysts change about rules they did not write: enable, disable, modify, suppress; each entry with an owner, a
// reason and an end. Reading the file is daemon/tuning's; here is what an entry means. A `Tuning` is made for one load
// of the rules and shared by all that judge: compilers ask it about rule texts, the stage where alerts of all workers
// meet asks it about alerts. Immutable but for its counters.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/metrics.h"
#include "collectors/base/time.h"
#include "rules/alert.h"

namespace tocsin::rules {

enum class TuningAct : std::uint8_t { enable, disable, modify, suppress };
std::string_view tuning_act_name(TuningAct act) noexcept;
std::optional<TuningAct> parse_tuning_act(std::string_view name) noexcept;

enum class TuningSide : std::uint8_t { either, source, destination };
std::string_view tuning_side_name(TuningSide side) noexcept;
std::optional<TuningSide> parse_tuning_side(std::string_view name) noexcept;

// Hours of the day on days of the week, by the clock on the wall. An end before the start is on the next day.
struct TuningHours {
  std::uint8_t days = 0x7F;  // bit 0 is Monday; of the day on which the hours begin
  std::uint16_t from = 0;    // minutes since midnight
  std::uint16_t until = 24 * 60;
};

// An entry as it was written, and what its reader made of the parts that need a library.
struct TuningEntry {
  std::string id;
  TuningAct act = TuningAct::suppress;
  // "1:2019401", a Sigma id, a YARA rule's name; "1:*" and "*"; "file:emerging-*.rules" and "re:PATTERN" look at the
  // file and the text of signatures and serve enable, disable and modify.
  std::vector<std::string> rules;
  std::vector<Network> networks;  // empty: all
  std::vector<Network> except;
  TuningSide side = TuningSide::either;
  std::string host;  // host.name; empty: any
  std::optional<TuningHours> hours;
  std::string filter;                    // suppress: a Sigma filter (rules/sigma/alert_filter.h); empty: none
  std::string zone;                      // of the hours; empty: UTC
  std::string pattern;                   // modify: what of the rule's text is replaced
  std::string replacement;               // modify: by this
  std::optional<std::uint8_t> severity;  // modify: of its alerts
  std::string owner;
  std::string reason;
  std::optional<Time> created;
  std::optional<Time> from;
  Time expires{};
  std::string file;  // where it stands
  std::uint32_t line = 0;
  std::uint32_t last_line = 0;  // its last

  // Made by the reader: seconds east of UTC; the text a rule becomes (nothing: it stays); does a "re:" find the text.
  std::function<std::chrono::seconds(Time)> offset = {};
  std::function<std::optional<std::string>(std::string_view)> rewrite = {};
  std::vector<std::function<bool(std::string_view)>> finds = {};
  std::function<bool(const Alert&)> keeps = {};  // by the filter

  bool expired(Time now) const noexcept { return now >= expires; }
  bool waiting(Time now) const noexcept { return from && now < *from; }
  bool in_force(Time now) const noexcept { return !expired(now) && !waiting(now); }
  bool in_hours(Time time) const;
  // Takes some alerts of its rules, not all.
  bool narrows() const noexcept {
    return !networks.empty() || !except.empty() || !host.empty() || hours || !filter.empty();
  }
};

// An address pair as an alert has it, whichever engine raised it.
struct AlertEnds {
  std::vector<IpAddress> sources;
  std::vector<IpAddress> destinations;
};
AlertEnds alert_ends(const Alert& alert);

// A rule as the entry's selectors see it; file and text are empty where they are not known.
struct RuleFace {
  std::string_view id;
  std::string_view file;
  std::string_view text;
};
bool selects(const TuningEntry& entry, const RuleFace& rule);
// By id alone, as alerts are judged.
bool selects(const TuningEntry& entry, std::string_view id) noexcept;
// Network, host, hours and filter; not the rule, not the entry's own period.
bool covers(const TuningEntry& entry, const Alert& alert);

// One entry at work, with what it did.
class TunedEntry {
 public:
  explicit TunedEntry(TuningEntry entry, Counter* taken = nullptr) : entry_(std::move(entry)), taken_(taken) {}
  const TuningEntry& entry() const noexcept { return entry_; }

  // A suppressing or disabling entry takes this alert of a rule it selects; counted.
  bool takes(const Alert& alert) const;
  void count_rule() const noexcept { rules_.fetch_add(1, std::memory_order_relaxed); }
  // Goes on counting where the same entry of an earlier load was.
  void inherit(const TunedEntry& old) const noexcept;

  std::uint64_t rules() const noexcept { return rules_.load(std::memory_order_relaxed); }
  std::uint64_t alerts() const noexcept { return alerts_.load(std::memory_order_relaxed); }
  std::optional<Time> last() const noexcept;

 private:
  const TuningEntry entry_;
  Counter* const taken_;
  mutable std::atomic<std::uint64_t> rules_{0};   // loaded rules it selects
  mutable std::atomic<std::uint64_t> alerts_{0};  // taken or changed
  mutable std::atomic<std::int64_t> last_{INT64_MIN};
};
using TunedEntryRef = std::shared_ptr<const TunedEntry>;

class Tuning {
 public:
  static constexpr std::size_t entries_most = 10'000;
  static constexpr std::size_t rules_most = 200'000;  // selectors, all entries together

  // `now` decides which entries are in force for what is decided once, at load.
  // `taken`, which outlives this, counts the alerts that are taken away.
  Tuning(std::vector<TuningEntry> entries, Time now, Counter* taken = nullptr);

  const std::vector<std::shared_ptr<TunedEntry>>& entries() const noexcept { return entries_; }
  bool empty() const noexcept { return entries_.empty(); }

  // At load. `commented`: the rule is there but its author switched it off. The text to compile, or nothing when the
  // rule is not to be loaded. Of several enable and disable entries the last one counts.
  std::optional<std::string_view> load(const RuleFace& rule, bool commented, std::string& rewritten) const;
  // Is there any entry that could bring back a rule its author switched off?
  bool enables() const noexcept { return enables_; }
  // After load: which entries meet which rules, so that one that meets none can be told.
  void meet(std::span<const RuleRef> rules) const;

  // Suppressions of a rule, for an engine that judges them itself.
  std::vector<TunedEntryRef> suppressions(std::string_view rule) const;
  // Exceptions from a rule: entries that describe which of its alerts are none (network, host, hours, filter), and
  // those that disable it. What they take is no hit of the rule, also for what is built upon it. A suppression of the
  // whole rule is none: it is not told, and goes on counting. `excepts` counts what it takes.
  bool has_exceptions(std::string_view rule) const;
  bool excepts(const Alert& alert) const;
  // Where no engine did: is this alert taken?
  bool takes(const Alert& alert) const;
  // What modify entries change about an alert that is let through.
  void change(Alert& alert) const;

  // Goes on counting where another load was.
  void inherit(const Tuning& old) const;
  // When an entry that was decided at load begins or ends: the rules must then be loaded again.
  std::optional<Time> next_change(Time now) const;

 private:
  using Index = std::map<std::string, std::vector<std::size_t>, std::less<>>;
  void index(std::size_t number);
  template <class Each>
  void each(const Index& exact, const std::vector<std::size_t>& wild, std::string_view id, Each act) const;

  std::vector<std::shared_ptr<TunedEntry>> entries_;
  const Time now_;
  // Entries by exact rule, and those that must be tried on each.
  Index load_exact_, suppress_exact_, change_exact_;
  std::vector<std::size_t> load_wild_, suppress_wild_, change_wild_;
  bool enables_ = false;
};

}  // namespace tocsin::rules
