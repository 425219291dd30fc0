#pragma once
// Control packets of MQTT 3.1, 3.1.1 and 5 (OASIS MQTT 3.1.1 and 5.0). Pure functions over hostile bytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

enum class MqttType : std::uint8_t {
  unassigned,
  connect,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  pingreq,
  pingresp,
  disconnect,
  auth,
};
std::string_view mqtt_type_name(MqttType type) noexcept;  // "CONNECT"
std::optional<MqttType> find_mqtt_type(std::string_view name) noexcept;

// The first byte and the length behind it.
struct MqttHeader {
  MqttType type = MqttType::unassigned;
  std::uint8_t flags = 0;  // low half of the first byte
  std::size_t size = 0;    // of the header
  std::size_t left = 0;    // of what follows it

  bool duplicate() const noexcept { return (flags & 0x08U) != 0; }
  std::uint8_t quality() const noexcept { return (flags >> 1U) & 0x03U; }
  bool retain() const noexcept { return (flags & 0x01U) != 0; }
};
enum class MqttHeaderState : std::uint8_t { more, wrong, ready };
MqttHeaderState parse_mqtt_header(Bytes bytes, MqttHeader& header) noexcept;

// Version 5, section 2.2.2.
struct MqttProperty {
  std::string_view name;  // static; empty: a property of the user's own
  std::string key;        // of those
  std::variant<std::uint64_t, std::string> value;
};
struct MqttWill {
  std::string topic, message;
  std::vector<MqttProperty> properties;
  bool has_properties = false;
};

struct MqttMessage {
  MqttHeader header;
  bool truncated = false;      // too long to be looked at
  std::uint8_t flag_byte = 0;  // the first byte's flags, as rules see them
  // connect
  std::string protocol;
  std::uint8_t version = 0;
  std::uint8_t connect_flags = 0;
  std::string client;
  std::optional<std::string> user, password;
  std::optional<MqttWill> will;
  // connack
  bool session_present = false;
  // publish
  std::string topic, content;
  std::optional<std::uint16_t> id;
  std::vector<std::pair<std::string, std::uint8_t>> topics;  // subscribe (with quality), unsubscribe
  std::vector<std::uint8_t> codes;                           // suback, unsuback
  std::optional<std::uint8_t> reason;                        // connack, disconnect, acknowledgements of version 5
  std::vector<MqttProperty> properties;
  bool has_properties = false;
};

namespace mqtt_connect_flag {
inline constexpr std::uint8_t clean_session = 0x02, will = 0x04, will_retain = 0x20, password = 0x40, user = 0x80;
}

// What follows the header, whole. Nothing when it does not fit its type.
std::optional<MqttMessage> parse_mqtt(const MqttHeader& header, Bytes body, std::uint8_t version);

}  // namespace tocsin::collectors
