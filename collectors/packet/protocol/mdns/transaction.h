#pragma once
// One message of multicast DNS (RFC 6762): a question to everybody, or an announcement.

#include "collectors/packet/protocol/dns/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

class MdnsTransaction final : public WholeTransaction {
 public:
  MdnsTransaction(DnsMessage message, Direction side) : message_(std::move(message)), side_(side) {
    protocol = Protocol::mdns;
  }

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  Direction record_sender(const RecordDetail&) const override { return side_; }
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const DnsMessage message_;
  const Direction side_;
};

}  // namespace tocsin::collectors
