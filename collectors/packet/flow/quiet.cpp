#include "collectors/packet/flow/quiet.h"

#include <algorithm>

namespace tocsin::collectors {

void QuietFlows::add(FlowEntry& flow, Time when) {
  if (flow.quiet_since == when) return;
  flow.quiet_since = when;
  if (size_ == ring_.size()) {
    if (size_ >= noted_most) return;
    grow();
  }
  ring_[(first_ + size_) & (ring_.size() - 1)] = {&flow, when + after_};
  ++size_;
}

void QuietFlows::grow() {
  constexpr std::size_t least = 1024;
  std::vector<Noted> larger(std::max(least, ring_.size() * 2));
  for (std::size_t i = 0; i < size_; ++i) larger[i] = ring_[(first_ + i) & (ring_.size() - 1)];
  ring_ = std::move(larger);
  first_ = 0;
}

FlowEntry* QuietFlows::take_due(Time now) {
  while (size_ != 0 && ring_[first_].due <= now) {
    const Noted noted = ring_[first_];
    first_ = (first_ + 1) & (ring_.size() - 1);
    --size_;
    // It brought more since, ended, or is another flow by now.
    if (noted.flow->quiet_since == Time{} || noted.flow->quiet_since + after_ != noted.due) continue;
    noted.flow->quiet_since = Time{};
    return noted.flow;
  }
  return nullptr;
}

Time QuietFlows::next_due() const noexcept { return size_ == 0 ? Time::max() : ring_[first_].due; }

}  // namespace tocsin::collectors
