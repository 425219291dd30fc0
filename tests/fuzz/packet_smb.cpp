// rooms: packet
#include "collectors/packet/protocol/smb/authentication.h"
#include "tests/fuzz/packet_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::collectors;
  fuzz::run(Protocol::smb, ip_protocol::tcp, data, size);
  const Bytes bytes(data, size);
  find_ntlm(bytes);
  find_kerberos(bytes);
  return 0;
}
