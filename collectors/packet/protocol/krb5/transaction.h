#pragma once
// One message of Kerberos.

#include "collectors/event/field.h"
#include "collectors/packet/protocol/krb5/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct KerberosFields {
  Field type, client, server, realm, encryption, ticket_encryption, error;
  explicit KerberosFields(FieldNames& names);
};

class KerberosTransaction final : public WholeTransaction {
 public:
  // `asked`: the type of the request that an error answers; 0 when it was not seen.
  KerberosTransaction(const KerberosFields& fields, KerberosMessage message, std::uint8_t asked, Direction direction);

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const KerberosFields& fields_;
  const KerberosMessage message_;
  const std::uint8_t asked_;
  const Direction direction_;
};

}  // namespace tocsin::collectors
