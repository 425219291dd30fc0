#pragma once
// Which flows' streams stand still: each time they bring something is noted, and comes up again once the wait is over,
// unless they brought more meanwhile. By the capture's time alone, so that the number of workers changes nothing.

#include <vector>

#include "collectors/packet/flow/table.h"

namespace tocsin::collectors {

class QuietFlows {
 public:
  static constexpr std::size_t noted_most = 1U << 20;  // beyond it nothing is noted: the flow's end is told anyway

  explicit QuietFlows(Duration after) : after_(after) {}

  // Times never go back by more than the capture does; the wait of what comes late is over late.
  void add(FlowEntry& flow, Time when);
  // One whose wait is over; null when there is none. Flows live longer than the table's list of them.
  FlowEntry* take_due(Time now);
  // Time::max() when nothing waits.
  Time next_due() const noexcept;

 private:
  struct Noted {
    FlowEntry* flow = nullptr;
    Time due{};
  };
  void grow();

  Duration after_;
  std::vector<Noted> ring_;  // power of two
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tocsin::collectors
