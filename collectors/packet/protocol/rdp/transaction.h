#pragma once
// One message of RDP that can be read.

#include "collectors/event/field.h"
#include "collectors/packet/protocol/rdp/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct RdpFields {
  Field kind, cookie, client_name, client_build, channels;
  explicit RdpFields(FieldNames& names);
};

class RdpTransaction final : public WholeTransaction {
 public:
  RdpTransaction(const RdpFields& fields, RdpMessage message) : fields_(fields), message_(std::move(message)) {
    protocol = Protocol::rdp;
  }

  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const RdpFields& fields_;
  const RdpMessage message_;
};

}  // namespace tocsin::collectors
