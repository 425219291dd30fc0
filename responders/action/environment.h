#pragma once
// What actions need of the world, given once by whoever owns them. Outlives them.

#include <optional>
#include <string>

#include "collectors/base/id.h"
#include "collectors/base/time.h"
#include "responders/action/notify/channel.h"

namespace tocsin::responders {

struct ActionEnvironment {
  const Clock& clock;
  Random& random;
  std::string quarantine_directory;  // absolute; made with mode 0700 when missing
  NotifyChannels channels;
};

}  // namespace tocsin::responders
