// ECS fields of an MQTT transaction. Passwords stay out of records.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/mqtt/transaction.h"

namespace tocsin::collectors {

MqttFields::MqttFields(FieldNames& names)
    : types(names.intern("mqtt.type")),
      client(names.intern("mqtt.client_id")),
      topic(names.intern("mqtt.topic")),
      version(names.intern("mqtt.protocol_version")) {}

void MqttTransaction::fill(EventBuilder& builder) const {
  builder.set(fields_.version, std::uint64_t{version_});
  for (const auto& message : messages) {
    builder.append(fields_.types, mqtt_type_name(message.header.type));
    if (!message.client.empty()) builder.set(fields_.client, message.client);
    if (message.user) builder.set(field::user_name, *message.user);
    if (!message.topic.empty()) builder.append(fields_.topic, message.topic);
    for (const auto& [topic, quality] : message.topics) builder.append(fields_.topic, topic);
  }
}

}  // namespace tocsin::collectors
