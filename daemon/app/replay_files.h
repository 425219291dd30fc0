#pragma once
// Opening inputs of a replay: what a descriptor holds, and the input made of it.

#include <memory>

#include "collectors/base/descriptor.h"
#include "daemon/app/replay.h"

namespace tocsin::daemon {

// A descriptor with a look at its first bytes. Owns it.
class InputSource {
 public:
  explicit InputSource(int descriptor) : descriptor_(descriptor) {}
  // The kind asked for, or what the content says when it is `automatic`: a capture, a log, JSON, EVTX, any other file.
  Result<InputKind> settle_kind(InputKind wanted);
  // Once the kind is settled by the content.
  bool empty() const noexcept { return head_.empty(); }
  // From its first byte on again, for whoever takes it.
  Result<void> rewind();
  int release() noexcept { return descriptor_.release(); }

 private:
  Result<void> look();

  OwnedDescriptor descriptor_;
  std::vector<std::uint8_t> head_;  // inflated
};

Result<std::unique_ptr<ReplayInput>> open_packet_input(InputSource source, const RecordingInput& input,
                                                       const LaneContext& context,
                                                       const collectors::PacketOptions& options,
                                                       const std::string& filter, WorkerPool& pool,
                                                       std::vector<ActiveRules>& active);
// A whole file for YARA.
Result<std::unique_ptr<ReplayInput>> open_file_input(InputSource source, const RecordingInput& input,
                                                     const LaneContext& context, std::vector<ActiveRules>& active);

// Text of no known form: `log` reads it, and where no decoder knew a line of it (a script, a page), YARA looks at it as
// a whole file, too. `again` is the same file.
std::unique_ptr<ReplayInput> with_file_view(std::unique_ptr<ReplayInput> log, InputSource again,
                                            const RecordingInput& input, const LaneContext& context,
                                            std::vector<ActiveRules>& active);

}  // namespace tocsin::daemon
