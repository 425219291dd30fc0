#pragma once
// A message of NTP; whole from the start. RFC 5905, section 7.3; control messages: RFC 9327, section 2.

#include <cstdint>
#include <optional>

#include "collectors/event/field.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct NtpFields {
  Field version;
  Field mode;
  Field stratum;
  explicit NtpFields(FieldNames& names);
};

struct NtpMessage {
  static constexpr std::uint8_t client = 3, server = 4, control = 6;
  std::uint8_t version = 0;
  std::uint8_t mode = 0;
  std::uint8_t stratum = 0;
};
// Nothing when it is no message of version 3 or 4.
std::optional<NtpMessage> parse_ntp_message(Bytes datagram);

class NtpTransaction final : public WholeTransaction {
 public:
  NtpTransaction(const NtpFields& fields, NtpMessage message) : fields_(fields), message_(message) {
    protocol = Protocol::ntp;
  }

  void fill(EventBuilder& builder) const override;
  std::uint32_t record_count(const RecordDetail&) const override { return 0; }  // Suricata has none

 private:
  const NtpFields& fields_;
  const NtpMessage message_;
};

}  // namespace tocsin::collectors
