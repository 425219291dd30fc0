// MQTT as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-mqtt

#include <string>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/mqtt/transaction.h"

namespace tocsin::collectors {

namespace {

void append(JsonWriter& json, const std::vector<MqttProperty>& properties) {
  json.key("properties").begin_object();
  for (const auto& property : properties) {
    json.key(property.name.empty() ? record_text(property.key) : std::string(property.name));
    if (const auto* number = std::get_if<std::uint64_t>(&property.value)) json.value(*number);
    else json.value(record_text(std::get<std::string>(property.value)));
  }
  json.end_object();
}

void append_connect(JsonWriter& json, const MqttMessage& message) {
  using namespace mqtt_connect_flag;
  const auto flag = [&](std::uint8_t bit) { return (message.connect_flags & bit) != 0; };
  json.member("protocol_string", record_text(message.protocol)).member("protocol_version", message.version);
  json.member("client_id", record_text(message.client));
  json.key("flags").begin_object().member("username", flag(user)).member("password", flag(password));
  json.member("will_retain", flag(will_retain)).member("will", flag(will));
  json.member("clean_session", flag(clean_session)).end_object();
  if (message.user) json.member("username", record_text(*message.user));
  if (message.password) json.member("password", record_text(*message.password));
  if (!message.will) return;
  json.key("will").begin_object().member("topic", record_text(message.will->topic));
  json.member("message", record_text(message.will->message));
  if (message.will->has_properties) append(json, message.will->properties);
  json.end_object();
}

void append_numbers(JsonWriter& json, std::string_view name, const std::vector<std::uint8_t>& numbers) {
  json.key(name).begin_array();
  for (const auto number : numbers) json.value(number);
  json.end_array();
}

// As much as is wanted, and how much more there is.
std::string limited(std::string_view text, std::size_t most) {
  if (text.size() <= most) return record_text(text);
  return record_text(text.substr(0, most)) + "[truncated " + std::to_string(text.size() - most) + " additional bytes]";
}

void append_topics(JsonWriter& json, const MqttMessage& message, std::size_t most) {
  json.key("topics").begin_array();
  for (const auto& [topic, quality] : message.topics) {
    const std::string text = limited(topic, most);
    if (message.header.type == MqttType::unsubscribe) json.value(text);
    else json.begin_object().member("topic", text).member("qos", quality).end_object();
    if (topic.size() > most) break;
    most -= topic.size();
  }
  json.end_array();
}

void append(JsonWriter& json, const MqttMessage& message, std::size_t most) {
  const auto type = message.header.type;
  json.key(lower_ascii(mqtt_type_name(type))).begin_object();
  json.member("qos", message.header.quality()).member("retain", message.header.retain());
  json.member("dup", message.header.duplicate());
  if (message.truncated) {
    json.member("truncated", true).member("skipped_length", message.header.size + message.header.left).end_object();
    return;
  }
  if (type == MqttType::connect) append_connect(json, message);
  if (type == MqttType::connack)
    json.member("session_present", message.session_present).member("return_code", message.reason.value_or(0));
  if (type == MqttType::publish) json.member("topic", limited(message.topic, most));
  if (message.id) json.member("message_id", *message.id);
  if (type == MqttType::publish) json.member("message", limited(message.content, most));
  if (type == MqttType::subscribe || type == MqttType::unsubscribe) append_topics(json, message, most);
  if (type == MqttType::suback) append_numbers(json, "qos_granted", message.codes);
  if (type == MqttType::unsuback && !message.codes.empty()) append_numbers(json, "reason_codes", message.codes);
  // Suricata takes a DISCONNECT without properties for a normal one.
  const bool bare = type == MqttType::disconnect && message.header.left < 2;
  if (message.reason && type != MqttType::connack) json.member("reason_code", bare ? 0 : *message.reason);
  if (message.has_properties) append(json, message.properties);
  json.end_object();
}

}  // namespace

bool MqttTransaction::describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose, std::uint32_t) const {
  json.key("mqtt").begin_object();
  for (const auto& message : messages)
    if (message.header.type != MqttType::unassigned) append(json, message, detail.mqtt.string_most);
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
