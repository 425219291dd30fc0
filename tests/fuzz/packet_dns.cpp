// rooms: packet
// First byte: over UDP (one message) or over TCP (chunks).
#include "collectors/packet/protocol/dns/message.h"
#include "tests/fuzz/packet_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::collectors;
  if (size == 0) return 0;
  const Bytes rest(data + 1, size - 1);
  looks_like_dns(rest, (data[0] & 2U) != 0);
  if ((data[0] & 1U) != 0) {
    fuzz::run(Protocol::dns, ip_protocol::tcp, rest.data(), rest.size());
  } else if (const auto message = parse_dns(rest)) {
    if (message->consumed > rest.size()) __builtin_trap();
  }
  return 0;
}
