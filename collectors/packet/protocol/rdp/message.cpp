#include "collectors/packet/protocol/rdp/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collectors/packet/protocol/der.h"

namespace tocsin::collectors {

namespace {

namespace x224 {
constexpr std::uint8_t connect = 0xE0, confirm = 0xD0, data = 0xF0;
}
constexpr std::size_t channels_most = 31;

// UTF-16, little-endian, up to a zero; what is not ASCII is kept as UTF-8 of the basic plane.
std::string wide_text(Bytes bytes) {
  std::string out;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const unsigned unit = bytes[i] | (static_cast<unsigned>(bytes[i + 1]) << 8);
    if (unit == 0) break;
    if (unit < 0x80) {
      out += static_cast<char>(unit);
    } else if (unit < 0x800) {
      out += static_cast<char>(0xC0U | (unit >> 6));
      out += static_cast<char>(0x80U | (unit & 0x3FU));
    } else if (unit < 0xD800 || unit > 0xDFFF) {
      out += static_cast<char>(0xE0U | (unit >> 12));
      out += static_cast<char>(0x80U | ((unit >> 6) & 0x3FU));
      out += static_cast<char>(0x80U | (unit & 0x3FU));
    }
  }
  return out;
}

void negotiation(ByteReader& reader, RdpMessage& message) {
  if (reader.remaining() < 8) return;
  const std::uint8_t type = reader.u8();
  const std::uint8_t flags = reader.u8();
  const std::uint16_t size = reader.u16_little();
  const std::uint32_t value = reader.u32_little();
  if (size != 8) return;
  if (type == 1 && message.kind == RdpKind::initial_request) message.flags = flags;
  if (message.kind != RdpKind::initial_response) return;
  if (type == 2) {
    message.flags = flags;
    message.protocol = value;
  } else if (type == 3) {
    message.error = value;
  }
}

std::optional<RdpMessage> request(ByteReader reader) {
  static constexpr std::string_view mark = "Cookie: mstshash=";
  RdpMessage message;
  message.kind = RdpKind::initial_request;
  const std::string_view text = as_text(reader.rest());
  const auto end = text.find("\r\n");
  if (text.starts_with("Cookie: ") && end != std::string_view::npos) {
    if (text.starts_with(mark)) message.cookie = text.substr(mark.size(), end - mark.size());
    reader.skip(end + 2);
  }
  negotiation(reader, message);
  return message;
}

// A length as PER writes it (X.691): up to 127, or two bytes.
std::size_t per_length(ByteReader& reader) {
  const std::uint8_t first = reader.u8();
  return (first & 0x80U) == 0 ? first : static_cast<std::size_t>(((first & 0x3FU) << 8) | reader.u8());
}

std::uint16_t color_depth(std::uint16_t first, std::uint16_t second, std::uint16_t high, std::uint16_t capabilities) {
  static constexpr std::uint16_t wants_32 = 0x0002;
  if (high != 0) return (capabilities & wants_32) != 0 ? 32 : high;
  static constexpr std::array<std::uint16_t, 5> bits{4, 8, 15, 16, 24};
  const std::uint16_t code = second != 0 ? second : first;
  const auto at = static_cast<std::size_t>(code - 0xCA00);
  return code >= 0xCA00 && at < bits.size() ? bits[at] : 0;
}

std::optional<RdpClient> client_core(Bytes bytes) {
  ByteReader reader(bytes);
  RdpClient client;
  client.version = reader.u32_little();
  client.width = reader.u16_little();
  client.height = reader.u16_little();
  const std::uint16_t first_depth = reader.u16_little();
  reader.skip(2);  // the sequence to secure attention
  client.keyboard_layout = reader.u32_little();
  client.build = reader.u32_little();
  client.name = wide_text(reader.take(32));
  client.keyboard_type = reader.u32_little();
  client.keyboard_subtype = reader.u32_little();
  client.function_keys = reader.u32_little();
  client.input_method = wide_text(reader.take(64));
  if (!reader.ok()) return std::nullopt;
  // The rest may end after any of its fields.
  const auto word = [&]() -> std::uint16_t { return reader.remaining() >= 2 ? reader.u16_little() : std::uint16_t{0}; };
  const std::uint16_t second_depth = word();
  if (reader.remaining() >= 2) client.product = reader.u16_little();
  if (reader.remaining() >= 4) client.serial = reader.u32_little();
  const std::uint16_t high_depth = word();
  static_cast<void>(word());  // depths supported
  client.capabilities = word();
  if (reader.remaining() >= 64) client.id = wide_text(reader.take(64));
  client.color_depth = color_depth(first_depth, second_depth, high_depth, client.capabilities);
  return client;
}

std::vector<std::string> client_channels(Bytes bytes) {
  ByteReader reader(bytes);
  const std::size_t count = std::min<std::size_t>(reader.u32_little(), channels_most);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count && reader.remaining() >= 12; ++i) {
    const std::string_view name = as_text(reader.take(8));
    out.emplace_back(name.substr(0, name.find('\0')));
    reader.skip(4);
  }
  return out;
}

// The blocks of settings inside the conference request of T.124.
void settings(Bytes bytes, RdpMessage& message) {
  static constexpr std::uint16_t core = 0xC001, network = 0xC003;
  static constexpr std::array<std::uint8_t, 7> object{0x00, 0x05, 0x00, 0x14, 0x7C, 0x00, 0x01};
  ByteReader reader(bytes);
  if (!std::ranges::equal(reader.take(object.size()), object)) return;
  per_length(reader);
  reader.skip(8);
  if (as_text(reader.take(4)) != "Duca") return;
  per_length(reader);
  while (reader.ok() && reader.remaining() >= 4) {
    const std::uint16_t type = reader.u16_little();
    const std::uint16_t size = reader.u16_little();
    if (size < 4) return;
    const Bytes block = reader.take(std::min<std::size_t>(size - 4U, reader.remaining()));
    if (type == core && !message.client) message.client = client_core(block);
    else if (type == network && message.channels.empty()) message.channels = client_channels(block);
  }
}

std::optional<RdpMessage> conference(ByteReader reader) {
  static constexpr std::uint16_t initial = 0x7F65, response = 0x7F66;
  const std::uint16_t tag = reader.u16();
  RdpMessage message;
  if (tag == response) {
    message.kind = RdpKind::connect_response;
    return message;
  }
  if (tag != initial) return std::nullopt;
  message.kind = RdpKind::connect_request;
  const std::uint8_t first = reader.u8();  // of the length of all that follows
  if ((first & 0x80U) != 0) reader.skip(first & 0x7FU);
  static constexpr std::uint8_t octets = 0x04;
  static constexpr int items_before = 6;  // selectors, direction, three sets of parameters
  for (int i = 0; i < items_before; ++i)
    if (!next_der(reader)) return std::nullopt;
  if (const auto data = take_der(reader, octets)) settings(*data, message);
  return message;
}

}  // namespace

std::optional<RdpMessage> parse_rdp(Bytes bytes) {
  ByteReader reader(bytes);
  const std::uint8_t length = reader.u8();
  const std::uint8_t code = reader.u8() & 0xF0U;
  if (code == x224::data) {
    reader.skip(1);
    return length == 2 && reader.ok() ? conference(reader) : std::nullopt;
  }
  reader.skip(5);  // references, class
  if (length < 6 || !reader.ok()) return std::nullopt;
  if (code == x224::connect) return request(reader);
  if (code != x224::confirm) return std::nullopt;
  RdpMessage message;
  message.kind = RdpKind::initial_response;
  negotiation(reader, message);
  return message;
}

std::string_view rdp_kind_name(RdpKind kind) noexcept {
  switch (kind) {
    case RdpKind::initial_request: return "initial_request";
    case RdpKind::initial_response: return "initial_response";
    case RdpKind::connect_request: return "connect_request";
    case RdpKind::connect_response: return "connect_response";
    case RdpKind::tls_handshake: break;
  }
  return "tls_handshake";
}

std::string rdp_version_name(std::uint32_t version) {
  if (version == 0x00080001) return "v4";
  if (version == 0x00080004) return "v5";
  if (version >= 0x00080005 && version <= 0x00080011) return fmt::format("v10.{}", version - 0x00080005);
  return "unknown";
}

std::string rdp_build_name(std::uint32_t build) {
  struct Name {
    std::uint32_t build;
    std::string_view name;
  };
  static constexpr std::array<Name, 18> names{{{528, "Windows NT 3.1"},
                                               {807, "Windows NT 3.5"},
                                               {1057, "Windows NT 3.51"},
                                               {1381, "Windows NT 4.0"},
                                               {2195, "Windows 2000"},
                                               {2600, "Windows XP"},
                                               {3790, "Windows Server 2003"},
                                               {6000, "Windows Vista"},
                                               {6001, "Windows Vista SP1"},
                                               {6002, "Windows Vista SP2"},
                                               {7600, "Windows 7"},
                                               {7601, "Windows 7 SP1"},
                                               {9200, "Windows 8"},
                                               {9600, "Windows 8.1"},
                                               {10240, "Windows 10"},
                                               {10586, "Windows 10"},
                                               {14393, "Windows 10"},
                                               {17763, "Windows 10"}}};
  const auto found = std::ranges::find(names, build, &Name::build);
  return found == names.end() ? fmt::format("unknown-{}", build) : std::string(found->name);
}

std::string rdp_layout_name(std::uint32_t layout) {
  struct Name {
    std::uint32_t layout;
    std::string_view name;
  };
  static constexpr std::array<Name, 24> names{
      {{0x0401, "ar-SA"}, {0x0404, "zh-TW"}, {0x0405, "cs-CZ"}, {0x0406, "da-DK"}, {0x0407, "de-DE"},
       {0x0408, "el-GR"}, {0x0409, "en-US"}, {0x040A, "es-ES"}, {0x040B, "fi-FI"}, {0x040C, "fr-FR"},
       {0x040D, "he-IL"}, {0x040E, "hu-HU"}, {0x0410, "it-IT"}, {0x0411, "ja-JP"}, {0x0412, "ko-KR"},
       {0x0413, "nl-NL"}, {0x0414, "nb-NO"}, {0x0415, "pl-PL"}, {0x0416, "pt-BR"}, {0x0419, "ru-RU"},
       {0x041D, "sv-SE"}, {0x041F, "tr-TR"}, {0x0804, "zh-CN"}, {0x0809, "en-GB"}}};
  const auto found = std::ranges::find(names, layout, &Name::layout);
  return found == names.end() ? "unknown" : std::string(found->name);
}

}  // namespace tocsin::collectors
