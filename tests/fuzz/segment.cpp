// rooms: store
// Frames of event segments: rotten or hostile bytes are refused within bounds.
#include "daemon/store/segment/frame.h"
#include "daemon/store/segment/line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const Bytes bytes(data, size);
  (void)daemon::frame_intact(bytes);
  if (const auto header = daemon::read_header(bytes); header && header->kind == daemon::FrameKind::block)
    (void)daemon::read_block(*header, bytes.subspan(daemon::frame_header_size));
  (void)daemon::read_footer(bytes);
  daemon::LineReader reader;
  reader.keys(as_text(bytes), [](daemon::KeyKind, std::string_view) {});
  (void)reader.time(as_text(bytes));
  return 0;
}
