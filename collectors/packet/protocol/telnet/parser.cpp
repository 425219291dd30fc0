#include "collectors/packet/protocol/telnet/parser.h"

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

std::unique_ptr<ProtocolFactory> make_telnet_factory(const PacketOptions&, FieldNames&) {
  return factory_of<TelnetParser>();
}

// IAC, then WILL, WON'T, DO or DON'T, then an option: at least one whole, and nothing else in front of it.
Probe probe_telnet(const ProbeInput& input) {
  static constexpr std::uint8_t escape = 0xFF, will = 0xFB, do_not = 0xFE, options_usual = 50, options_extended = 0xFF;
  const Bytes bytes = input.bytes;
  if (bytes[0] != escape) return Probe::no;
  if (bytes.size() < 2) return Probe::more;
  if (bytes[1] < will || bytes[1] > do_not) return Probe::no;
  if (bytes.size() < 3) return Probe::more;
  return bytes[2] < options_usual || bytes[2] == options_extended ? Probe::yes : Probe::no;
}

}  // namespace tocsin::collectors
