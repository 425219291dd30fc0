#pragma once
// One message of DHCP.

#include "collectors/event/field.h"
#include "collectors/packet/protocol/dhcp/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct DhcpFields {
  Field type, client_mac, assigned_ip, host_name, lease_time;
  explicit DhcpFields(FieldNames& names);
};

class DhcpTransaction final : public WholeTransaction {
 public:
  DhcpTransaction(const DhcpFields& fields, DhcpMessage message, Direction direction);

  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  // Without the extended form only what a client was given is told of.
  std::uint32_t record_count(const RecordDetail& detail) const override;
  Direction record_sender(const RecordDetail&) const override { return direction_; }
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  std::uint8_t type() const noexcept;
  void describe_option(JsonWriter& json, const DhcpOption& option, const DhcpDetail& detail) const;

  const DhcpFields& fields_;
  const DhcpMessage message_;
  const Direction direction_;
};

}  // namespace tocsin::collectors
