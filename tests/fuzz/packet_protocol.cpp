// rooms: packet
// Any parser there is: the first line names the protocol as rules do ("ssh"), with "/udp" behind it for datagrams; then
// come chunks. Its probe looks at the bytes of both directions too.
#include "tests/fuzz/packet_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::collectors;
  const auto text = as_text({data, size});
  const auto line = text.substr(0, text.find('\n'));
  const bool datagram = line.ends_with("/udp");
  const auto protocol = find_protocol(datagram ? line.substr(0, line.size() - 4) : line);
  const auto* row = protocol && line.size() < size ? protocol_row(*protocol) : nullptr;
  if (row == nullptr || !(datagram ? row->over_datagram : row->over_stream)) return 0;
  const Bytes rest = Bytes(data, size).subspan(line.size() + 1);
  for (const auto direction : {Direction::to_server, Direction::to_client})
    (void)row->probe({direction, rest.subspan(std::min<std::size_t>(rest.size(), 2)), 40'000,
                      row->ports.empty() ? std::uint16_t{1} : row->ports.front(), !datagram, true});
  fuzz::run(*protocol, datagram ? ip_protocol::udp : ip_protocol::tcp, rest.data(), rest.size());
  return 0;
}
