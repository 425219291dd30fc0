#include "collectors/packet/protocol/smb/header.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/utf8.h"
#include "collectors/packet/protocol/smb/command.h"

namespace tocsin::collectors {

namespace {

SmbHeader header1(ByteReader reader) noexcept {
  SmbHeader out;
  out.version = 1;
  out.command = reader.u8();
  out.status = reader.u32_little();
  const std::uint8_t flags = reader.u8();
  const std::uint16_t flags2 = reader.u16_little();
  out.response = (flags & 0x80U) != 0;
  out.unicode = (flags2 & 0x8000U) != 0;
  out.dos_error = (flags2 & 0x4000U) == 0;
  reader.skip(2 + 8 + 2);
  out.tree = reader.u16_little();
  reader.skip(2);
  out.session = reader.u16_little();
  out.message = reader.u16_little();
  return out;
}

std::optional<SmbHeader> header2(ByteReader reader) noexcept {
  SmbHeader out;
  out.version = 2;
  if (reader.u16_little() != SmbHeader::size2) return std::nullopt;
  reader.skip(2);  // credit charge
  out.status = reader.u32_little();
  out.command = reader.u16_little();
  reader.skip(2);
  const std::uint32_t flags = reader.u32_little();
  out.response = (flags & 0x01U) != 0;
  out.asynchronous = (flags & 0x02U) != 0;
  out.next = reader.u32_little();
  out.message = reader.u64_little();
  reader.skip(4);
  out.tree = reader.u32_little();
  if (out.asynchronous) out.tree = 0;  // half of the asynchronous id
  out.session = reader.u64_little();
  if (out.next != 0 && out.next < SmbHeader::size2) return std::nullopt;
  return out;
}

constexpr std::uint64_t odd_ones = 0xFFFFFFFFULL;

}  // namespace

bool is_smb_magic(Bytes b) noexcept {
  return b.size() >= 4 && b[0] >= 0xFD && b[1] == 'S' && b[2] == 'M' && b[3] == 'B';
}

std::optional<SmbHeader> parse_smb_header(Bytes bytes) noexcept {
  if (!is_smb_magic(bytes) || bytes.size() < SmbHeader::size1) return std::nullopt;
  if (bytes[0] == 0xFF) return header1(ByteReader(bytes.subspan(4)));
  if (bytes[0] == 0xFE) {
    if (bytes.size() < SmbHeader::size2) return std::nullopt;
    return header2(ByteReader(bytes.subspan(4)));
  }
  SmbHeader out;
  out.version = 3;
  return out;
}

bool SmbFileId::chained() const noexcept {
  return wide && std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0xFF; });
}

std::string SmbFileId::render() const {
  const auto& b = bytes;
  if (!wide) return fmt::format("{:02x}{:02x}", b[1], b[0]);
  return fmt::format(
      "{:02x}{:02x}{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}", b[3],
      b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[9], b[8], b[11], b[10], b[15], b[14], b[13], b[12]);
}

SmbFileId smb1_file_id(std::uint16_t number, std::uint64_t user) noexcept {
  SmbFileId out;
  out.bytes[0] = static_cast<std::uint8_t>(number);
  out.bytes[1] = static_cast<std::uint8_t>(number >> 8);
  out.bytes[2] = static_cast<std::uint8_t>(user);
  out.bytes[3] = static_cast<std::uint8_t>(user >> 8);
  return out;
}

SmbFileId smb2_file_id(Bytes bytes) noexcept {
  SmbFileId out;
  out.wide = true;
  if (bytes.size() == out.bytes.size()) std::ranges::copy(bytes, out.bytes.begin());
  return out;
}

std::optional<SmbPayload> smb1_write_payload(const SmbHeader& header, ByteReader words) noexcept {
  SmbPayload out;
  const std::uint8_t count = words.u8();
  if (count != 12 && count != 14) return std::nullopt;
  words.skip(4);
  out.file = smb1_file_id(words.u16_little(), header.session);
  out.offset = words.u32_little();
  words.skip(4 + 2 + 2);
  const std::uint64_t high = words.u16_little();
  out.length = words.u16_little() | (high << 16);
  out.place = words.u16_little();
  if (count == 14) out.offset |= static_cast<std::uint64_t>(words.u32_little()) << 32;
  if (out.offset == odd_ones && count == 12) out.offset = 0;  // append
  return words.ok() ? std::optional(out) : std::nullopt;
}

std::optional<SmbPayload> smb1_read_payload(ByteReader words) noexcept {
  SmbPayload out;
  if (words.u8() != 12) return std::nullopt;
  words.skip(4 + 2 + 2 + 2);
  out.length = words.u16_little();
  out.place = words.u16_little();
  out.length |= static_cast<std::uint64_t>(words.u16_little()) << 16;
  return words.ok() ? std::optional(out) : std::nullopt;
}

std::optional<SmbPayload> smb_payload(const SmbHeader& header, Bytes bytes) noexcept {
  if (header.version == 1) {
    if (bytes.size() <= SmbHeader::size1) return std::nullopt;
    const ByteReader words(bytes.subspan(SmbHeader::size1));
    if (header.command == smb1_command::write_andx && !header.response) return smb1_write_payload(header, words);
    if (header.command == smb1_command::read_andx && header.response) return smb1_read_payload(words);
    return std::nullopt;
  }
  if (header.version != 2 || bytes.size() <= SmbHeader::size2) return std::nullopt;
  ByteReader body(bytes.subspan(SmbHeader::size2));
  SmbPayload out;
  if (header.command == smb2_command::write && !header.response) {
    if (body.u16_little() != 49) return std::nullopt;
    out.place = body.u16_little();
    out.length = body.u32_little();
    out.offset = body.u64_little();
    out.file = smb2_file_id(body.take(16));
  } else if (header.command == smb2_command::read && header.response) {
    if (body.u16_little() != 17) return std::nullopt;
    out.place = body.u8();
    body.skip(1);
    out.length = body.u32_little();
  } else {
    return std::nullopt;
  }
  return body.ok() ? std::optional(out) : std::nullopt;
}

std::size_t smb_payload_head(const SmbHeader& header, Direction direction) noexcept {
  const bool request = direction == Direction::to_server;
  if (header.response == request) return 0;
  if (header.version == 1) {
    const auto carrier = request ? smb1_command::write_andx : smb1_command::read_andx;
    return header.command == carrier ? SmbHeader::size1 + 1 + 28 : 0;
  }
  if (header.version != 2) return 0;
  if (request) return header.command == smb2_command::write ? SmbHeader::size2 + 48 : 0;
  return header.command == smb2_command::read ? SmbHeader::size2 + 16 : 0;
}

std::string smb_text(Bytes bytes, bool unicode) {
  std::string out;
  if (!unicode) {
    const auto end = std::ranges::find(bytes, std::uint8_t{0});
    out.assign(bytes.begin(), end);
    return out;
  }
  const auto unit = [&](std::size_t at) { return static_cast<char32_t>(bytes[at] | (bytes[at + 1] << 8)); };
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    char32_t value = unit(i);
    if (value == 0) break;
    const bool high = value >= 0xD800 && value < 0xDC00;
    if (high && i + 3 < bytes.size() && unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000) {
      value = 0x10000 + ((value - 0xD800) << 10U) + (unit(i + 2) - 0xDC00);
      i += 2;
    } else if (value >= 0xD800 && value < 0xE000) {
      value = 0xFFFD;
    }
    append_code_point(out, value);
  }
  return out;
}

std::string smb_take_text(ByteReader& reader, bool unicode, std::size_t base) {
  if (unicode && (base + reader.position()) % 2 != 0) reader.skip(1);
  const Bytes rest = reader.rest();
  std::size_t size = 0;
  const std::size_t step = unicode ? 2 : 1;
  while (size + step <= rest.size() && (rest[size] != 0 || (unicode && rest[size + 1] != 0))) size += step;
  reader.skip(std::min(rest.size(), size + step));
  return smb_text(rest.first(size), unicode);
}

}  // namespace tocsin::collectors
