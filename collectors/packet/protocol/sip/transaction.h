#pragma once
// One SIP message: requests and responses are transactions of their own, as they may cross in any way.

#include "collectors/event/field.h"
#include "collectors/packet/protocol/sip/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct SipFields {
  Field method, uri, code, from, to, user_agent;
  explicit SipFields(FieldNames& names);
};

class SipTransaction final : public WholeTransaction {
 public:
  SipTransaction(const SipFields& fields, SipMessage message, Direction direction)
      : fields_(fields), message_(std::move(message)), direction_(direction) {
    protocol = Protocol::sip;
  }

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  std::optional<Bytes> line_buffer(Buffer buffer) const;

  const SipFields& fields_;
  const SipMessage message_;
  const Direction direction_;
};

}  // namespace tocsin::collectors
