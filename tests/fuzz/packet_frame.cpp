// rooms: packet
// First byte: protocol; then pieces of both directions, with losses, cut into frames that must lie inside of what came.
#include <cstdlib>

#include "collectors/packet/frame/cutter.h"

using namespace tocsin;
using namespace tocsin::collectors;

namespace {

struct Check final : FrameSink {
  void frame(const Frame& frame) override {
    if (frame.bytes.size() > frame.length || frame.complete != (frame.bytes.size() == frame.length)) std::abort();
    for (const auto byte : frame.bytes) sum += byte;
  }
  std::uint64_t sum = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  Flow flow;
  flow.protocol = static_cast<Protocol>(data[0] % 40);
  Bytes rest(data + 1, size - 1);
  FrameCutter cutter;
  Check check;
  std::uint64_t next[2] = {};
  while (rest.size() >= 2) {
    const auto direction = (rest[0] & 1U) != 0 ? Direction::to_client : Direction::to_server;
    const std::uint64_t gap = (rest[0] & 2U) != 0 ? rest[0] >> 4 : 0;
    const bool end = (rest[0] & 4U) != 0;
    const bool datagram = (rest[0] & 8U) != 0;
    const auto count = std::min<std::size_t>(rest[1], rest.size() - 2);
    const Bytes bytes = rest.subspan(2, count);
    rest = rest.subspan(2 + count);
    if (datagram) {
      cutter.datagram(flow, direction, bytes, check);
      continue;
    }
    auto& at = next[index(direction)];
    at += gap;
    cutter.add({flow, direction, at, bytes, gap, end, nullptr});
    at += bytes.size();
    cutter.cut(flow, check);
  }
  return 0;
}
