#pragma once
// An EtherNet/IP request and its answer.

#include <optional>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/enip/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct EnipFields {
  Field command;
  explicit EnipFields(FieldNames& names);
};

class EnipTransaction final : public Transaction {
 public:
  explicit EnipTransaction(const EnipFields& fields) : fields_(fields) { protocol = Protocol::enip; }

  std::optional<EnipMessage> request, response;
  bool done = false;

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction direction) const override { return complete(direction) ? 2 : 1; }
  bool complete(Direction direction) const override { return done || (direction == Direction::to_server && request); }
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const EnipFields& fields_;
};

}  // namespace tocsin::collectors
