#include "daemon/store/segment/frame.h"

#include <zstd.h>

#include <algorithm>
#include <array>

#include "collectors/base/assert.h"
#include "daemon/store/segment/crc32c.h"

namespace tocsin::daemon {
namespace {

constexpr std::uint32_t block_magic = 0x31425354;   // "TSB1"
constexpr std::uint32_t footer_magic = 0x31465354;  // "TSF1"
// A hostile or rotten header must not make us allocate.
constexpr std::uint32_t plain_most = 16U << 20;
constexpr std::uint32_t stored_most = 64U << 20;
constexpr int compression_level = 3;

void append_little(std::string& out, std::uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
}

void append_frame(std::string& out, std::uint32_t magic, std::string_view payload, std::size_t plain,
                  std::uint32_t events, Time first, Time last) {
  const auto start = out.size();
  append_little(out, magic, 4);
  append_little(out, payload.size(), 4);
  append_little(out, plain, 4);
  append_little(out, events, 4);
  append_little(out, static_cast<std::uint64_t>(first.time_since_epoch().count()), 8);
  append_little(out, static_cast<std::uint64_t>(last.time_since_epoch().count()), 8);
  const auto crc = crc32c(as_bytes(payload), crc32c(as_bytes(std::string_view(out).substr(start))));
  append_little(out, crc, 4);
  out += payload;
}

}  // namespace

std::optional<KeyKind> key_kind(std::string_view name) noexcept {
  if (name == "host.name") return KeyKind::host;
  if (name.ends_with(".ip")) return KeyKind::address;
  if (name.find(".hash.") != std::string_view::npos) return KeyKind::hash;
  if ((name.starts_with("user.") || name.find(".user.") != std::string_view::npos) && name.ends_with(".name"))
    return KeyKind::user;
  return std::nullopt;
}

void append_block(std::string& out, std::string_view lines, std::uint32_t events, Time first, Time last) {
  std::string packed(ZSTD_compressBound(lines.size()), '\0');
  const auto size = ZSTD_compress(packed.data(), packed.size(), lines.data(), lines.size(), compression_level);
  TOCSIN_ASSERT(ZSTD_isError(size) == 0);  // the bound is enough by definition
  packed.resize(size);
  append_frame(out, block_magic, packed, lines.size(), events, first, last);
}

void append_footer(std::string& out, const Filters& filters, std::uint32_t events, Time first, Time last,
                   std::uint64_t offset) {
  std::string payload;
  for (const auto& filter : filters) filter.append_to(payload);
  append_frame(out, footer_magic, payload, payload.size(), events, first, last);
  append_little(out, offset, 8);
  out += segment_end;
}

std::optional<FrameHeader> read_header(Bytes bytes) noexcept {
  ByteReader in(bytes);
  FrameHeader header;
  const auto magic = in.u32_little();
  header.kind = magic == footer_magic ? FrameKind::footer : FrameKind::block;
  header.stored = in.u32_little();
  header.plain = in.u32_little();
  header.events = in.u32_little();
  header.first = Time{Duration{static_cast<std::int64_t>(in.u64_little())}};
  header.last = Time{Duration{static_cast<std::int64_t>(in.u64_little())}};
  header.crc = in.u32_little();
  const bool known = magic == block_magic || magic == footer_magic;
  if (!in.ok() || !known || header.stored > stored_most) return std::nullopt;
  if (header.kind == FrameKind::block && header.plain > plain_most) return std::nullopt;
  return header;
}

bool frame_intact(Bytes frame) noexcept {
  const auto header = read_header(frame);
  if (!header || frame.size() < frame_header_size + header->stored) return false;
  const auto crc = crc32c(frame.first(frame_header_size - 4));
  return crc32c(frame.subspan(frame_header_size, header->stored), crc) == header->crc;
}

Result<std::string> read_block(const FrameHeader& header, Bytes payload) {
  std::string lines(header.plain, '\0');
  const auto size = ZSTD_decompress(lines.data(), lines.size(), payload.data(), payload.size());
  if (ZSTD_isError(size) != 0 || size != header.plain)
    return fail(Code::invalid, "a block of events cannot be unpacked; run `tocsin doctor`");
  return lines;
}

std::optional<Filters> read_footer(Bytes payload) {
  ByteReader in(payload);
  Filters filters;
  for (auto& filter : filters) {
    auto read = BloomFilter::read(in);
    if (!read) return std::nullopt;
    filter = std::move(*read);
  }
  return filters;
}

}  // namespace tocsin::daemon
