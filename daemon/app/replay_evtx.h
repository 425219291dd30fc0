#pragma once
// A Windows event log (EVTX) as input of a replay.

#include <memory>

#include "collectors/log/evtx/reader_process.h"
#include "daemon/app/replay.h"

namespace tocsin::daemon {

// Owns `descriptor`; a compressed log is unpacked into memory first. `reader` is shared by all inputs of the replay.
Result<std::unique_ptr<ReplayInput>> open_evtx_input(int descriptor, const RecordingInput& input,
                                                     const LaneContext& context,
                                                     std::shared_ptr<collectors::EvtxReaderProcess> reader,
                                                     std::shared_ptr<const collectors::DecoderSet> decoders);
// One that starts tocsin-evtx of the same installation when it is first needed.
std::shared_ptr<collectors::EvtxReaderProcess> make_evtx_reader();

}  // namespace tocsin::daemon
