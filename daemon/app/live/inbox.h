#pragma once
// The one way to the casework thread: what collectors found, and what people ask for. Bounded; durable sources wait for
// room, packet workers never do.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/base/channel.h"
#include "daemon/app/evidence/taken.h"
#include "daemon/app/keeper.h"
#include "daemon/app/live/generation.h"

namespace tocsin::daemon {

class CaseworkThread;

// checkpoint: a task sees everything sent before it committed; nothing: it needs none of that, and saves the wait.
enum class TaskWaits : std::uint8_t { checkpoint, nothing };

struct Work {
  GenerationRef generation;           // whose rules found the alerts; null when `decided`
  std::vector<rules::Alert> alerts;   // raw, to be decided
  std::vector<rules::Alert> decided;  // by an exercise's own desk
  std::vector<EventBatch> events;
  Durability durability = Durability::transient;
  std::vector<std::pair<std::string, std::string>> positions;
  std::vector<BlindInterval> blind;
  std::vector<TakenEvidence> evidence;  // of alerts that were sent before or with it
  std::function<void(CaseworkThread&)> task;
  TaskWaits waits = TaskWaits::checkpoint;

  Work() = default;
};

using Inbox = Channel<Work>;

}  // namespace tocsin::daemon
