// rooms: packet
// First byte: over UDP or over TCP.
#include "tests/fuzz/packet_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::collectors;
  if (size == 0) return 0;
  const bool stream = (data[0] & 1U) != 0;
  fuzz::run(Protocol::sip, stream ? ip_protocol::tcp : ip_protocol::udp, data + 1, size - 1);
  return 0;
}
