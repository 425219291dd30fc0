#pragma once
// A packet of MQTT and those that answer it: CONNECT and CONNACK, PUBLISH and its acknowledgements.

#include <array>
#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/mqtt/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct MqttFields {
  Field types, client, topic, version;
  explicit MqttFields(FieldNames& names);
};

class MqttTransaction final : public Transaction {
 public:
  MqttTransaction(const MqttFields& fields, Direction side, std::uint8_t version)
      : fields_(fields), side_(side), version_(version) {
    protocol = Protocol::mqtt;
  }

  std::vector<MqttMessage> messages;       // at least one
  std::optional<std::uint32_t> waits_for;  // id of the packet that answers; beyond 16 bits: CONNACK
  bool done = false;

  Direction side() const noexcept { return side_; }
  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction direction) const override;
  bool complete(Direction direction) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  std::optional<Bytes> connect_buffer(Buffer buffer) const;

  const MqttFields& fields_;
  const Direction side_;
  const std::uint8_t version_;
};

}  // namespace tocsin::collectors
