#pragma once
// A request of LDAP with its answers; or an answer that nobody asked for.

#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/ldap/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct LdapFields {
  Field operation, name, result, message;
  explicit LdapFields(FieldNames& names);
};

class LdapTransaction final : public Transaction {
 public:
  explicit LdapTransaction(const LdapFields& fields) : fields_(fields) { protocol = Protocol::ldap; }

  std::optional<LdapMessage> request;
  std::vector<LdapMessage> responses;
  bool done = false;  // nothing more is due

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction direction) const override;
  bool complete(Direction direction) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  std::optional<Bytes> request_buffer(Buffer buffer, std::uint32_t index) const;
  std::optional<Bytes> response_buffer(Buffer buffer, std::uint32_t index) const;

  const LdapFields& fields_;
};

}  // namespace tocsin::collectors
