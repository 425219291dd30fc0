#pragma once
// A request of TFTP; whole from the start.

#include <optional>
#include <string>

#include "collectors/event/field.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct TftpFields {
  Field operation;
  Field mode;
  explicit TftpFields(FieldNames& names);
};

struct TftpRequest {
  bool write = false;
  std::string file;
  std::string mode;  // "octet", lower case
};
// Nothing when it is no request, or no mode that there is.
std::optional<TftpRequest> parse_tftp_request(Bytes datagram);

class TftpTransaction final : public WholeTransaction {
 public:
  TftpTransaction(const TftpFields& fields, TftpRequest request) : fields_(fields), request_(std::move(request)) {
    protocol = Protocol::tftp;
  }

  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const TftpFields& fields_;
  const TftpRequest request_;
};

}  // namespace tocsin::collectors
