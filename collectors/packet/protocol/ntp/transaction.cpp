#include "collectors/packet/protocol/ntp/transaction.h"

#include <array>
#include <string_view>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

NtpFields::NtpFields(FieldNames& names)
    : version(names.intern("ntp.version")), mode(names.intern("ntp.mode")), stratum(names.intern("ntp.stratum")) {}

std::optional<NtpMessage> parse_ntp_message(Bytes datagram) {
  constexpr std::size_t header = 48;
  constexpr std::size_t control_header = 12;
  if (datagram.size() < control_header) return std::nullopt;
  NtpMessage out;
  out.version = (datagram[0] >> 3) & 7U;
  out.mode = datagram[0] & 7U;
  out.stratum = datagram[1];
  if (out.version != 3 && out.version != 4) return std::nullopt;
  if (out.mode == NtpMessage::control) {
    out.stratum = 0;
    return out;
  }
  if (out.mode == 0 || out.mode > NtpMessage::control || datagram.size() < header) return std::nullopt;
  return out;
}

void NtpTransaction::fill(EventBuilder& builder) const {
  static constexpr std::array<std::string_view, 7> names{
      "reserved", "symmetric_active", "symmetric_passive", "client", "server", "broadcast", "control"};
  builder.set(fields_.version, std::int64_t{message_.version});
  builder.set(fields_.mode, names[message_.mode]);
  if (message_.mode != NtpMessage::control) builder.set(fields_.stratum, std::int64_t{message_.stratum});
}

}  // namespace tocsin::collectors
