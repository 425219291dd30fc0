// Which worker a frame belongs to.

#include <algorithm>

#include "collectors/packet/decode/decoder.h"
#include "collectors/packet/worker.h"

namespace tocsin::collectors {

std::size_t worker_of(const RawFrame& frame, std::size_t workers) noexcept {
  if (workers < 2) return 0;
  static const DecodeOptions options = [] {
    DecodeOptions only_outer;
    only_outer.checksums = ChecksumMode::ignore;
    return only_outer;
  }();
  PacketCounters unused;
  Packet packet;
  Decoder(options, unused).decode(frame, packet);
  if (!packet.source) return 0;
  // A sum does not care for the order.
  std::uint64_t mixed = packet.source.hash() + packet.destination.hash();
  mixed ^= mixed >> 33;
  mixed *= 0xff51afd7ed558ccdULL;
  mixed ^= mixed >> 33;
  return static_cast<std::size_t>(mixed % workers);
}

}  // namespace tocsin::collectors
