#pragma once
// A Modbus request and its response.

#include <optional>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/modbus/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct ModbusFields {
  Field function, unit;
  explicit ModbusFields(FieldNames& names);
};

class ModbusTransaction final : public Transaction {
 public:
  explicit ModbusTransaction(const ModbusFields& fields) : fields_(fields) { protocol = Protocol::modbus; }

  std::optional<ModbusMessage> request, response;
  bool done = false;

  std::optional<Bytes> buffer(Buffer, Direction, std::uint32_t) const override { return std::nullopt; }
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction) const override { return done ? 2 : 1; }
  bool complete(Direction) const override { return done; }
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const ModbusFields& fields_;
};

}  // namespace tocsin::collectors
