#pragma once
// A recorded log as input of a replay.

#include <memory>
#include <optional>

#include "collectors/base/bytes.h"
#include "daemon/app/replay.h"

namespace tocsin::daemon {

// Owns `descriptor`.
Result<std::unique_ptr<ReplayInput>> open_log_input(int descriptor, const RecordingInput& input, InputKind kind,
                                                    const LaneContext& context,
                                                    std::shared_ptr<const collectors::DecoderSet> decoders);
// What the inflated first bytes of a file look like; nothing when they are no log.
std::optional<InputKind> guess_log_kind(Bytes head);

}  // namespace tocsin::daemon
