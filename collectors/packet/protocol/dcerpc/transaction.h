#pragma once
// One DCE/RPC call over TCP or UDP.

#include "collectors/event/field.h"
#include "collectors/packet/protocol/dcerpc/call.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct DcerpcFields {
  Field request;
  Field response;
  Field interface_;
  Field opnum;
  explicit DcerpcFields(FieldNames& names);
};
// Also for the calls that SMB carries.
void fill_dcerpc(EventBuilder& builder, const DcerpcFields& fields, const DcerpcCall& call);

class DcerpcTransaction final : public Transaction {
 public:
  explicit DcerpcTransaction(const DcerpcFields& fields) : fields_(fields) { protocol = Protocol::dcerpc; }

  DcerpcCall call;
  std::uint8_t version_major = 5;
  std::uint8_t version_minor = 0;
  Uuid activity{};  // version 4
  std::uint32_t sequence = 0;
  std::array<bool, 2> done{};

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override {
    return call.buffer(buffer, direction, index);
  }
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override {
    return call.number_of(buffer, direction, index);
  }
  std::uint8_t progress(Direction direction) const override;
  bool complete(Direction direction) const override { return done[collectors::index(direction)]; }
  void fill(EventBuilder& builder) const override { fill_dcerpc(builder, fields_, call); }
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const DcerpcFields& fields_;
};

}  // namespace tocsin::collectors
