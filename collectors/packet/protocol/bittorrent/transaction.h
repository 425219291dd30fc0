#pragma once
// One message of BitTorrent's distributed hash table.

#include "collectors/event/field.h"
#include "collectors/packet/protocol/bittorrent/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct DhtFields {
  Field kind, info_hash;
  explicit DhtFields(FieldNames& names);
};

class DhtTransaction final : public WholeTransaction {
 public:
  DhtTransaction(const DhtFields& fields, DhtMessage message, Direction side)
      : fields_(fields), message_(std::move(message)), side_(side) {
    protocol = Protocol::bittorrent;
  }

  void fill(EventBuilder& builder) const override;
  Direction record_sender(const RecordDetail&) const override { return side_; }
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const DhtFields& fields_;
  const DhtMessage message_;
  const Direction side_;
};

}  // namespace tocsin::collectors
