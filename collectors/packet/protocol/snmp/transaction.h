#pragma once
// One SNMP message.

#include "collectors/event/field.h"
#include "collectors/packet/protocol/snmp/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct SnmpFields {
  Field version, kind, variables, trap;
  explicit SnmpFields(FieldNames& names);
};

class SnmpTransaction final : public WholeTransaction {
 public:
  SnmpTransaction(const SnmpFields& fields, SnmpMessage message, Direction direction)
      : fields_(fields), message_(std::move(message)), direction_(direction) {
    protocol = Protocol::snmp;
  }

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const SnmpFields& fields_;
  const SnmpMessage message_;
  const Direction direction_;
};

}  // namespace tocsin::collectors
