#include "collectors/packet/capture/pcapng.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "collectors/base/digest.h"

namespace tocsin::collectors {

namespace {

using Buffer = std::vector<std::uint8_t>;

constexpr std::uint32_t section_header = 0x0A0D0D0A;
constexpr std::uint32_t byte_order = 0x1A2B3C4D;
constexpr std::uint32_t interface_description = 1;
constexpr std::uint32_t enhanced_packet = 6;
constexpr std::uint16_t option_end = 0;
constexpr std::uint16_t option_comment = 1;
constexpr std::uint16_t option_if_name = 2;
constexpr std::uint16_t option_if_description = 3;
constexpr std::uint16_t option_application = 4;
constexpr std::uint16_t option_resolution = 9;
constexpr std::uint8_t nanoseconds = 9;
constexpr std::size_t option_most = 0xFFFF;
constexpr std::size_t block_overhead = 12;
constexpr std::size_t interface_head = 8;
constexpr std::size_t packet_head = 20;  // interface, time, lengths

template <class T>
void put(Buffer& out, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
}

void put_padded(Buffer& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.resize((out.size() + 3) / 4 * 4);
}

void put_option(Buffer& out, std::uint16_t code, Bytes value) {
  const auto kept = value.first(std::min(value.size(), option_most));
  put(out, code);
  put(out, static_cast<std::uint16_t>(kept.size()));
  put_padded(out, kept);
}

void put_text(Buffer& out, std::uint16_t code, std::string_view text) {
  if (!text.empty()) put_option(out, code, as_bytes(text));
}

// Blocks begin and end with their length; it is known at the end.
class Block {
 public:
  Block(Buffer& out, std::uint32_t type) : out_(out), start_(out.size()) {
    put(out_, type);
    put(out_, std::uint32_t{0});
  }
  ~Block() {
    const auto length = static_cast<std::uint32_t>(out_.size() - start_ + 4);
    put(out_, length);
    for (std::size_t i = 0; i < 4; ++i) out_[start_ + 4 + i] = static_cast<std::uint8_t>(length >> (8 * i));
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

 private:
  Buffer& out_;
  std::size_t start_;
};

std::uint32_t read32(Bytes bytes, std::size_t at) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = (value << 8) | bytes[at + i];
  return value;
}

struct Piece {
  std::uint32_t type = 0;
  Bytes body;
};

// False at the end or where it is damaged.
bool next_block(Bytes& rest, Piece& piece) {
  if (rest.size() < block_overhead) return false;
  const auto length = read32(rest, 4);
  if (length < block_overhead || length % 4 != 0 || length > rest.size()) return false;
  piece.type = read32(rest, 0);
  piece.body = rest.subspan(8, length - block_overhead);
  rest = rest.subspan(length);
  return true;
}

struct MergedPacket {
  std::uint64_t time = 0;
  std::uint32_t interface = 0;
  Bytes body;  // of its block
};

// Its interfaces go to `out` at once, its packets wait. False when it does not end where a block ends.
bool read_section(Bytes section, Buffer& out, std::uint32_t& interfaces, std::vector<MergedPacket>& packets) {
  const std::uint32_t first = interfaces;
  Piece piece;
  if (!next_block(section, piece) || piece.type != section_header || piece.body.size() < 4 ||
      read32(piece.body, 0) != byte_order)
    return false;
  while (next_block(section, piece)) {
    if (piece.type == interface_description && piece.body.size() >= interface_head) {
      const Block block(out, interface_description);
      put_padded(out, piece.body);
      ++interfaces;
    } else if (piece.type == enhanced_packet && piece.body.size() >= packet_head) {
      const auto interface = read32(piece.body, 0);
      if (interface >= interfaces - first || read32(piece.body, 12) > piece.body.size() - packet_head) return false;
      const auto time = (std::uint64_t{read32(piece.body, 4)} << 32) | read32(piece.body, 8);
      packets.push_back({time, first + interface, piece.body});
    }
  }
  return section.empty();
}

}  // namespace

PcapngWriter::PcapngWriter(std::string_view comment) {
  const Block block(out_, section_header);
  put(out_, byte_order);
  put(out_, std::uint16_t{1});
  put(out_, std::uint16_t{0});
  put(out_, ~std::uint64_t{0});  // its length is not given
  put_text(out_, option_comment, comment);
  put_text(out_, option_application, "tocsin");
  put_option(out_, option_end, {});
}

std::uint32_t PcapngWriter::interface(std::uint32_t link_type, std::string_view name, std::string_view description) {
  const Block block(out_, interface_description);
  put(out_, static_cast<std::uint16_t>(link_type));
  put(out_, std::uint16_t{0});
  put(out_, std::uint32_t{0});  // no limit
  put_text(out_, option_if_name, name);
  put_text(out_, option_if_description, description);
  put_option(out_, option_resolution, Bytes(&nanoseconds, 1));
  put_option(out_, option_end, {});
  return interfaces_++;
}

void PcapngWriter::packet(std::uint32_t interface, Time time, std::uint32_t wire_length, Bytes bytes,
                          std::string_view comment) {
  const Block block(out_, enhanced_packet);
  const auto since = static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.time_since_epoch().count()));
  put(out_, interface);
  put(out_, static_cast<std::uint32_t>(since >> 32));
  put(out_, static_cast<std::uint32_t>(since));
  put(out_, static_cast<std::uint32_t>(bytes.size()));
  put(out_, wire_length);
  put_padded(out_, bytes);
  if (comment.empty()) return;
  put_text(out_, option_comment, comment);
  put_option(out_, option_end, {});
}

MergedCapture merge_captures(std::span<const Bytes> sections, std::string_view comment) {
  MergedCapture out;
  PcapngWriter writer(comment);
  out.bytes = writer.take();
  std::vector<MergedPacket> packets;
  std::uint32_t interfaces = 0;
  for (const auto section : sections)
    if (!read_section(section, out.bytes, interfaces, packets)) ++out.damaged;
  std::ranges::stable_sort(packets, {}, &MergedPacket::time);
  std::unordered_set<Digest128> seen;  // of the time at hand
  std::uint64_t time = 0;
  for (const auto& packet : packets) {
    if (std::exchange(time, packet.time) != packet.time) seen.clear();
    const auto captured = read32(packet.body, 12);
    if (!seen.insert(hash128(as_text(packet.body.subspan(packet_head, captured)))).second) {
      ++out.repeated;
      continue;
    }
    const Block block(out.bytes, enhanced_packet);
    put(out.bytes, packet.interface);
    put_padded(out.bytes, packet.body.subspan(4));
    ++out.packets;
  }
  return out;
}

}  // namespace tocsin::collectors
