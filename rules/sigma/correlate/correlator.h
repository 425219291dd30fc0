#pragma once
// Groups of all correlations and when they fire. One thread, event time. Deterministic: the same occurrences in the
// same order give the same firings.
//
// A condition is judged on arrival and fires on the edge; it is armed again when it turns false, or after the timespan.
// An upper bound alone, and `not`, are judged when the window closes: it opens with the group's first event. `eq: 0`
// fires when a group that was seen stays silent for the timespan. Groups are capped per correlation, the stalest is
// evicted; entries are capped per group, the oldest goes; both are counted.

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "rules/sigma/correlate/group_table.h"
#include "rules/sigma/correlate/network.h"

namespace tocsin::rules::sigma {

struct CorrelationLimits {
  std::size_t most_groups = 100'000;  // per correlation
  std::size_t most_entries = 10'000;  // per group
  Duration lateness{};                // windows close this much after their end, for events that come late
};

struct Firing {
  std::uint32_t correlation = 0;
  std::vector<std::string> key;  // group-by values
  Time time{};
  double value = 0;             // what the thresholds were compared with
  std::vector<EventId> events;  // contributing, the latest at most 64
  Origin origin;                // of the latest
};

class Correlator {
 public:
  // The network must outlive the correlator.
  Correlator(const CorrelationNetwork& network, const CorrelationLimits& limits);

  using Fired = std::function<void(const Firing&)>;
  // An occurrence in a group. Windows that closed before it must have been dealt with by `advance`.
  // `key` as append_to_key makes it.
  void feed(std::uint32_t correlation, std::string_view key, const Occurrence& occurrence, std::string_view host,
            Exercise exercise, const Fired& fired);
  // Event time is `now`: closes windows, in order of their time.
  void advance(Time now, const Fired& fired);

  std::size_t groups() const noexcept;
  std::uint64_t evicted_groups() const noexcept { return evicted_groups_; }
  std::uint64_t dropped_entries() const noexcept { return dropped_entries_; }

  // For the checkpoint. `restore` takes what belongs to correlations of the same definition and ignores the rest.
  std::string save() const;
  Result<void> restore(std::string_view saved);

 private:
  using Place = GroupTable::Place;
  using Slot = GroupTable::Slot;
  struct Table {
    GroupTable groups;
    std::size_t most_entries = 0;
  };
  struct Timer {
    Time time;
    std::uint32_t correlation;
    std::string key;
    friend auto operator<=>(const Timer&, const Timer&) = default;
  };

  Slot& slot(std::uint32_t correlation, std::string_view key, Time now);
  void erase(std::uint32_t correlation, Place place);
  void drop_stale(std::uint32_t correlation, Time now);
  void judge(std::uint32_t correlation, Slot& slot, Time now, const Fired& fired);
  void await_close(std::uint32_t correlation, Slot& slot, Time now);
  void close(const Timer& timer, const Fired& fired);
  void fire(std::uint32_t correlation, Slot& slot, Time now, const Fired& fired);

  const CorrelationNetwork& network_;
  const CorrelationLimits limits_;
  std::vector<Table> tables_;
  std::set<Timer> timers_;
  std::uint64_t evicted_groups_ = 0;
  std::uint64_t dropped_entries_ = 0;
};

}  // namespace tocsin::rules::sigma
