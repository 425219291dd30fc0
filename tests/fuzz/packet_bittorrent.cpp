// rooms: packet
#include "tests/fuzz/packet_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::collectors;
  fuzz::run(Protocol::bittorrent, ip_protocol::udp, data, size);
  return 0;
}
