#pragma once
// One DNS message, query or answer: each is a transaction of its own, as in Suricata 8.

#include "collectors/packet/protocol/dns/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

class DnsTransaction final : public WholeTransaction {
 public:
  DnsTransaction(DnsMessage message, Direction direction);

  const DnsMessage& message() const noexcept { return message_; }
  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> exchange() const override { return message_.id; }
  void fill(EventBuilder& builder) const override;
  std::uint32_t record_count(const RecordDetail& detail) const override;
  Direction record_sender(const RecordDetail& detail) const override {
    return detail.dns.version == 3 ? direction_ : Direction::to_server;
  }
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  void describe_3(JsonWriter& json, const DnsDetail& detail) const;
  void describe_2_query(JsonWriter& json, const DnsQuestion& question) const;
  void describe_2_answer(JsonWriter& json, const DnsDetail& detail) const;
  void describe_answers(JsonWriter& json, const DnsDetail& detail) const;
  bool of_wanted_type(const DnsDetail& detail, const DnsQuestion& question) const;

  const DnsMessage message_;
  const Direction direction_;
};

}  // namespace tocsin::collectors
