// rooms: packet
// Captures of an incident merged: any bytes as sections give a capture that can be read whole.
#include <cstdlib>
#include <vector>

#include "collectors/base/byte_source.h"
#include "collectors/packet/capture/file.h"
#include "collectors/packet/capture/pcapng.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const Bytes all(data, size);
  const auto half = size == 0 ? 0 : data[0] % size;
  const Bytes sections[] = {all.first(half), all.subspan(half), all};
  const auto merged = collectors::merge_captures(sections, "fuzz");
  auto file = collectors::CaptureFile::open(source_from_memory(merged.bytes));
  if (!file) std::abort();
  collectors::RawFrame frame;
  std::uint64_t frames = 0;
  while (file->next(frame).value_or(false)) ++frames;
  if (frames > merged.packets) std::abort();
  return 0;
}
