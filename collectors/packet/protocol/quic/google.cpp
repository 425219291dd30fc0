#include "collectors/packet/protocol/quic/google.h"

#include <algorithm>

#include "collectors/packet/protocol/quic/initial.h"

namespace tocsin::collectors {
namespace {

constexpr std::size_t tags_most = 128;
constexpr std::uint32_t q044 = 0x51303434;  // from here on with a long header

// Where the version stands and where the packet number begins.
struct Place {
  std::uint32_t version;
  std::size_t next;
};

std::optional<Place> find_version(Bytes datagram) {
  ByteReader reader(datagram);
  const std::uint8_t flags = reader.u8();
  if ((flags & 0x80U) != 0) {
    const std::uint32_t version = reader.u32();
    const std::uint8_t lengths = reader.u8();
    // Each half says how long a connection id is: 0, or three more than written.
    const auto length = [](unsigned half) -> std::size_t { return half == 0 ? 0 : half + 3U; };
    reader.skip(length(lengths >> 4U) + length(lengths & 0x0FU));
    if (!reader.ok() || !quic_version::google(version) || version < q044) return std::nullopt;
    return Place{version, reader.position()};
  }
  // Public header: version flag, then an eight byte connection id if said so.
  if ((flags & 0x01U) == 0 || (flags & 0x02U) != 0) return std::nullopt;
  if ((flags & 0x08U) != 0) reader.skip(8);
  const std::uint32_t version = reader.u32();
  if (!reader.ok() || !quic_version::google(version) || version >= q044) return std::nullopt;
  return Place{version, reader.position()};
}

std::string tag_text(std::uint32_t little) {
  std::string out;
  for (int i = 0; i < 4; ++i) {
    const auto c = static_cast<char>(little >> (8 * i));
    if (c != 0) out += c;
  }
  return out;
}

}  // namespace

std::optional<std::uint32_t> google_quic_version(Bytes datagram) {
  const auto place = find_version(datagram);
  return place ? std::optional(place->version) : std::nullopt;
}

std::optional<GoogleHello> parse_google_hello(Bytes datagram) {
  const auto place = find_version(datagram);
  if (!place) return std::nullopt;
  // Packet number, checksum and frame header differ by version; the message's own mark does not.
  static constexpr std::string_view mark = "CHLO";
  const auto text = as_text(datagram.subspan(place->next));
  const auto found = text.substr(0, 64).find(mark);
  if (found == std::string_view::npos) return std::nullopt;
  ByteReader reader(datagram.subspan(place->next + found + mark.size()));
  const std::uint16_t count = reader.u16_little();
  reader.skip(2);
  if (!reader.ok() || count > tags_most) return std::nullopt;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ends;
  for (std::uint16_t i = 0; i < count; ++i) {
    const std::uint32_t tag = reader.u32_little();
    ends.emplace_back(tag, reader.u32_little());
  }
  if (!reader.ok()) return std::nullopt;
  GoogleHello out;
  const Bytes values = reader.rest();
  std::uint32_t from = 0;
  for (const auto& [tag, end] : ends) {
    out.tags.push_back(tag_text(tag));
    const auto to = static_cast<std::uint32_t>(std::min<std::size_t>(end, values.size()));
    if (to >= from) {
      const auto value = as_text(values.subspan(from, to - from));
      if (out.tags.back() == "SNI") out.server_name = value;
      if (out.tags.back() == "UAID") out.user_agent = value;
      from = to;
    }
  }
  return out;
}

std::string cyu_text(std::uint32_t version, const GoogleHello& hello) {
  std::string out;
  for (int shift = 16; shift >= 0; shift -= 8) out += static_cast<char>(version >> shift);
  // "Q046" is written "46".
  out = out.substr(out.find_first_not_of('0') == std::string::npos ? 0 : out.find_first_not_of('0'));
  out += ',';
  for (std::size_t i = 0; i < hello.tags.size(); ++i) out += (i == 0 ? "" : "-") + hello.tags[i];
  return out;
}

}  // namespace tocsin::collectors
