#include "collectors/packet/protocol/mqtt/message.h"

#include <algorithm>
#include <array>

namespace tocsin::collectors {

namespace {

constexpr std::size_t items_most = 256;  // topics, properties, codes of one packet

constexpr std::array<std::string_view, 16> names{
    "UNASSIGNED", "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
    "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};

std::optional<std::size_t> variable_number(ByteReader& reader) noexcept {
  std::size_t value = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    const std::uint8_t byte = reader.u8();
    if (!reader.ok()) return std::nullopt;
    value |= static_cast<std::size_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  return std::nullopt;
}

std::string text(ByteReader& reader) { return std::string(as_text(reader.take(reader.u16()))); }

enum class Shape : std::uint8_t { byte, two, four, variable, text, binary, pair };
struct PropertyRow {
  std::uint8_t number;
  std::string_view name;
  Shape shape;
};
constexpr auto rows = std::to_array<PropertyRow>({
    {1, "payload_format_indicator", Shape::byte},
    {2, "message_expiry_interval", Shape::four},
    {3, "content_type", Shape::text},
    {8, "response_topic", Shape::text},
    {9, "correlation_data", Shape::binary},
    {11, "subscription_identifier", Shape::variable},
    {17, "session_expiry_interval", Shape::four},
    {18, "assigned_client_identifier", Shape::text},
    {19, "server_keep_alive", Shape::two},
    {21, "authentication_method", Shape::text},
    {22, "authentication_data", Shape::binary},
    {23, "request_problem_information", Shape::byte},
    {24, "will_delay_interval", Shape::four},
    {25, "request_response_information", Shape::byte},
    {26, "response_information", Shape::text},
    {28, "server_reference", Shape::text},
    {31, "reason_string", Shape::text},
    {33, "receive_maximum", Shape::two},
    {34, "topic_alias_maximum", Shape::two},
    {35, "topic_alias", Shape::two},
    {36, "maximum_qos", Shape::byte},
    {37, "retain_available", Shape::byte},
    {38, "", Shape::pair},
    {39, "maximum_packet_size", Shape::four},
    {40, "wildcard_subscription_available", Shape::byte},
    {41, "subscription_identifiers_available", Shape::byte},
    {42, "shared_subscription_available", Shape::byte},
});

bool read_properties(ByteReader& reader, std::vector<MqttProperty>& out, bool& present) {
  const auto size = variable_number(reader);
  if (!size) return false;
  ByteReader list(reader.take(*size));
  if (!reader.ok()) return false;
  present = *size != 0;
  while (list.remaining() != 0 && out.size() < items_most) {
    const std::uint8_t number = list.u8();
    const auto row = std::ranges::find(rows, number, &PropertyRow::number);
    if (row == rows.end()) return false;
    MqttProperty property{row->name, {}, std::uint64_t{0}};
    switch (row->shape) {
      case Shape::byte: property.value = std::uint64_t{list.u8()}; break;
      case Shape::two: property.value = std::uint64_t{list.u16()}; break;
      case Shape::four: property.value = std::uint64_t{list.u32()}; break;
      case Shape::variable: {
        const auto value = variable_number(list);
        if (!value) return false;
        property.value = std::uint64_t{*value};
        break;
      }
      case Shape::text:
      case Shape::binary: property.value = text(list); break;
      case Shape::pair:
        property.key = text(list);
        property.value = text(list);
        break;
    }
    if (!list.ok()) return false;
    out.push_back(std::move(property));
  }
  return true;
}

bool read_connect(ByteReader& reader, MqttMessage& out) {
  out.protocol = text(reader);
  out.version = reader.u8();
  out.connect_flags = reader.u8();
  reader.skip(2);  // keep alive
  if (!reader.ok()) return false;
  if (out.version == 5 && !read_properties(reader, out.properties, out.has_properties)) return false;
  out.client = text(reader);
  if ((out.connect_flags & mqtt_connect_flag::will) != 0) {
    MqttWill will;
    if (out.version == 5 && !read_properties(reader, will.properties, will.has_properties)) return false;
    will.topic = text(reader);
    will.message = text(reader);
    out.will = std::move(will);
  }
  if ((out.connect_flags & mqtt_connect_flag::user) != 0) out.user = text(reader);
  if ((out.connect_flags & mqtt_connect_flag::password) != 0) out.password = text(reader);
  return reader.ok();
}

bool read_publish(ByteReader& reader, std::uint8_t version, MqttMessage& out) {
  out.topic = text(reader);
  if (out.header.quality() > 0) out.id = reader.u16();
  if (version == 5 && !read_properties(reader, out.properties, out.has_properties)) return false;
  out.content = as_text(reader.rest());
  return reader.ok();
}

// Acknowledgements: an id; from version 5 on perhaps a reason and properties.
bool read_acknowledgement(ByteReader& reader, std::uint8_t version, MqttMessage& out) {
  out.id = reader.u16();
  if (version == 5 && reader.ok() && reader.remaining() > 0) {
    out.reason = reader.u8();
    if (reader.remaining() > 0 && !read_properties(reader, out.properties, out.has_properties)) return false;
  }
  return reader.ok();
}

bool read_reason(ByteReader& reader, std::uint8_t version, MqttMessage& out) {
  if (version != 5) return true;
  out.reason = reader.remaining() > 0 ? reader.u8() : std::uint8_t{0};
  return reader.remaining() == 0 || read_properties(reader, out.properties, out.has_properties);
}

bool read_topics(ByteReader& reader, std::uint8_t version, MqttMessage& out) {
  out.id = reader.u16();
  if (version == 5 && !read_properties(reader, out.properties, out.has_properties)) return false;
  const bool with_quality = out.header.type == MqttType::subscribe;
  while (reader.ok() && reader.remaining() != 0 && out.topics.size() < items_most) {
    auto topic = text(reader);
    const std::uint8_t quality = with_quality ? reader.u8() & 0x03U : std::uint8_t{0};
    if (reader.ok()) out.topics.emplace_back(std::move(topic), quality);
  }
  return reader.ok();
}

bool read_codes(ByteReader& reader, std::uint8_t version, MqttMessage& out) {
  out.id = reader.u16();
  if (version == 5 && reader.ok() && !read_properties(reader, out.properties, out.has_properties)) return false;
  if (!reader.ok()) return false;
  const Bytes codes = reader.rest().first(std::min(reader.remaining(), items_most));
  out.codes.assign(codes.begin(), codes.end());
  return true;
}

}  // namespace

std::string_view mqtt_type_name(MqttType type) noexcept { return names[static_cast<std::size_t>(type)]; }

std::optional<MqttType> find_mqtt_type(std::string_view name) noexcept {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<MqttType>(i);
  return std::nullopt;
}

MqttHeaderState parse_mqtt_header(Bytes bytes, MqttHeader& header) noexcept {
  if (bytes.size() < 2) return MqttHeaderState::more;
  header.type = static_cast<MqttType>(bytes[0] >> 4U);
  header.flags = bytes[0] & 0x0FU;
  header.left = 0;
  for (std::size_t i = 1; i <= 4; ++i) {
    if (i >= bytes.size()) return MqttHeaderState::more;
    header.left |= static_cast<std::size_t>(bytes[i] & 0x7FU) << (7 * (i - 1));
    if ((bytes[i] & 0x80U) != 0) continue;
    header.size = i + 1;
    return MqttHeaderState::ready;
  }
  return MqttHeaderState::wrong;
}

std::optional<MqttMessage> parse_mqtt(const MqttHeader& header, Bytes body, std::uint8_t version) {
  ByteReader reader(body);
  MqttMessage out;
  out.header = header;
  out.flag_byte = header.flags;
  bool good = true;
  switch (header.type) {
    case MqttType::connect: good = read_connect(reader, out); break;
    case MqttType::connack:
      out.session_present = (reader.u8() & 0x01U) != 0;
      out.reason = reader.u8();
      good = reader.ok() && (version != 5 || read_properties(reader, out.properties, out.has_properties));
      break;
    case MqttType::publish: good = read_publish(reader, version, out); break;
    case MqttType::puback:
    case MqttType::pubrec:
    case MqttType::pubrel:
    case MqttType::pubcomp: good = read_acknowledgement(reader, version, out); break;
    case MqttType::subscribe:
    case MqttType::unsubscribe: good = read_topics(reader, version, out); break;
    case MqttType::suback:
    case MqttType::unsuback: good = read_codes(reader, version, out); break;
    case MqttType::disconnect:
    case MqttType::auth: good = read_reason(reader, version, out); break;
    case MqttType::pingreq:
    case MqttType::pingresp:
    case MqttType::unassigned: break;
  }
  if (!good) return std::nullopt;
  return out;
}

}  // namespace tocsin::collectors
