#pragma once
// Events for commands that ask rules about them: out of files (logs, JSON, event logs, directories of recordings), or
// out of a store. In the order they stand there; a store's by time.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/event/event.h"
#include "collectors/log/decoder/decoder_set.h"

namespace tocsin::daemon {

struct EventFeed {
  std::vector<std::string> files;
  std::string store;  // directory; read when no file is given
  std::optional<Time> since;
  std::optional<Time> until;
};

struct FedEvents {
  std::uint64_t events = 0;
  std::uint64_t unreadable = 0;  // lines of the store that are no events
  std::vector<std::string> remarks;
};

// False: no more is wanted.
using EventBatchHandler = std::function<Result<bool>(const EventBatch&)>;

// Fails when an input cannot be opened at all, or is traffic; `each` ends it with its own error.
Result<FedEvents> feed_events(const EventFeed& feed, std::shared_ptr<const collectors::DecoderSet> decoders,
                              FieldNames& names, const EventBatchHandler& each);

}  // namespace tocsin::daemon
