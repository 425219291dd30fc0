#include "collectors/packet/protocol/mqtt/transaction.h"

#include "collectors/packet/protocol/mqtt/buffers.h"

namespace tocsin::collectors {

namespace {

Bytes byte_view(const std::uint8_t& byte) noexcept { return {&byte, 1}; }

std::optional<Bytes> text(const std::string& value) {
  return value.empty() ? std::nullopt : std::optional(as_bytes(value));
}

}  // namespace

// Nothing is seen from the other side.
std::uint8_t MqttTransaction::progress(Direction) const {
  return done ? mqtt_progress::complete : mqtt_progress::begun;
}
bool MqttTransaction::complete(Direction) const { return done; }

std::optional<Bytes> MqttTransaction::connect_buffer(Buffer buffer) const {
  const auto& message = messages.front();
  if (message.header.type != MqttType::connect || message.truncated) return std::nullopt;
  switch (buffer) {
    case Buffer::mqtt_connect_clientid: return text(message.client);
    case Buffer::mqtt_connect_flags: return byte_view(message.connect_flags);
    case Buffer::mqtt_connect_password: return message.password ? text(*message.password) : std::nullopt;
    case Buffer::mqtt_connect_protocol_string: return text(message.protocol);
    case Buffer::mqtt_connect_username: return message.user ? text(*message.user) : std::nullopt;
    case Buffer::mqtt_connect_willmessage: return message.will ? text(message.will->message) : std::nullopt;
    case Buffer::mqtt_connect_willtopic: return message.will ? text(message.will->topic) : std::nullopt;
    default: return std::nullopt;
  }
}

std::optional<Bytes> MqttTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != side_) return std::nullopt;
  if (buffer == Buffer::mqtt_flags)
    return index < messages.size() ? std::optional(byte_view(messages[index].flag_byte)) : std::nullopt;
  const auto& first = messages.front();
  switch (buffer) {
    case Buffer::mqtt_publish_message:
    case Buffer::mqtt_publish_topic:
      if (index != 0 || first.header.type != MqttType::publish) return std::nullopt;
      return text(buffer == Buffer::mqtt_publish_topic ? first.topic : first.content);
    case Buffer::mqtt_subscribe_topic:
    case Buffer::mqtt_unsubscribe_topic: {
      const auto wanted = buffer == Buffer::mqtt_subscribe_topic ? MqttType::subscribe : MqttType::unsubscribe;
      if (first.header.type != wanted || index >= first.topics.size()) return std::nullopt;
      return as_bytes(first.topics[index].first);
    }
    default: return index == 0 ? connect_buffer(buffer) : std::nullopt;
  }
}

std::optional<std::uint64_t> MqttTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != side_) return std::nullopt;
  if (buffer == Buffer::mqtt_protocol_version)
    return index == 0 ? std::optional<std::uint64_t>(version_) : std::nullopt;
  if (index >= messages.size()) return std::nullopt;
  const auto& message = messages[index];
  static constexpr std::uint64_t none = ~std::uint64_t{0} >> 1;  // compares with nothing, and the next one is asked for
  switch (buffer) {
    case Buffer::mqtt_type: return static_cast<std::uint64_t>(message.header.type);
    case Buffer::mqtt_qos: return message.header.quality();
    case Buffer::mqtt_reason_code:
      if (!message.codes.empty()) return message.codes.front();
      return message.reason ? std::uint64_t{*message.reason} : none;
    case Buffer::mqtt_connack_session_present:
      return message.header.type == MqttType::connack ? (message.session_present ? 1 : 0) : none;
    default: return std::nullopt;
  }
}

}  // namespace tocsin::collectors
