#pragma once
// The one place that asks the wall clock.

#include <chrono>

#include "collectors/base/time.h"

namespace tocsin::daemon {

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }
};

}  // namespace tocsin::daemon
