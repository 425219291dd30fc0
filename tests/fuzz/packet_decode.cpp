// rooms: packet
// One frame of any link type through the decoder, tunnels included. First byte: link type; second: captured short.

#include "collectors/packet/decode/decoder.h"
#include "collectors/packet/worker.h"

using namespace tocsin;
using namespace tocsin::collectors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static constexpr std::uint32_t links[] = {0, 1, 9, 12, 14, 50, 101, 108, 113, 228, 229, 276};
  RawFrame frame;
  frame.number = 1;
  frame.link_type = links[data[0] % std::size(links)];
  frame.bytes = Bytes(data + 2, size - 2);
  frame.wire_length = frame.bytes.size() + data[1] % 4;
  PacketCounters counters;
  const DecodeOptions options;
  Decoder decoder(options, counters);
  Packet packets[2];
  Decoded decoded = decoder.decode(frame, packets[0]);
  for (std::size_t depth = 0; decoded.inner && depth < options.tunnel_depth_most; ++depth)
    decoded = decoder.decode_inner(packets[depth % 2], decoded.inner, packets[1 - depth % 2]);
  if (worker_of(frame, 3) >= 3) __builtin_trap();
  return 0;
}
