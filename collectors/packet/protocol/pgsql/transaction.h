#pragma once
// A client's message and what the server answered until it was ready for the next.

#include "collectors/event/field.h"
#include "collectors/packet/protocol/pgsql/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct PgsqlFields {
  Field query, completed, code;
  explicit PgsqlFields(FieldNames& names);
};

class PgsqlTransaction final : public Transaction {
 public:
  explicit PgsqlTransaction(const PgsqlFields& fields) : fields_(fields) { protocol = Protocol::pgsql; }

  std::optional<PgsqlRequest> request;  // none: the server spoke unasked
  PgsqlResponse response;
  bool request_done = true;  // COPY goes on
  bool done = false;

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction direction) const override;
  bool complete(Direction direction) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const PgsqlFields& fields_;
};

}  // namespace tocsin::collectors
