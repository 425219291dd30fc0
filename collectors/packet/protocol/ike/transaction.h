#pragma once
// One message of IKE.

#include <string>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/ike/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct IkeFields {
  Field version, exchange, initiator, responder;
  explicit IkeFields(FieldNames& names);
};

class IkeTransaction final : public WholeTransaction {
 public:
  IkeTransaction(const IkeFields& fields, IkeMessage message, Direction direction);

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  void raise(PacketEvent event);
  void judge(const IkeProposal& proposal);
  void describe_first(JsonWriter& json) const;
  void describe_second(JsonWriter& json) const;

  const IkeFields& fields_;
  const IkeMessage message_;
  const Direction direction_;
  std::string initiator_, responder_, key_exchange_, nonce_;  // in hexadecimal, as rules see them
  std::vector<std::string> vendors_;
};

}  // namespace tocsin::collectors
