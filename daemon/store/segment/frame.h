#pragma once
// Bytes of a segment file:
//
//   file   = "TOCSEG1\n" block* [footer trailer]
//   block  = header payload; payload = zstd of JSON lines, one event each
//   footer = header payload; payload = Bloom filters of address, user, host, hash
//   header = magic u32 | stored u32 | plain u32 | events u32 | first i64 | last i64 | crc32c u32 (header before it +
//   payload) trailer = footer offset u64 | "TOCSEND\n"
//
// All numbers little-endian; times in nanoseconds since 1970 UTC. A footer's first, last and events are the segment's.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/store/segment/bloom.h"

namespace tocsin::daemon {

constexpr std::string_view segment_magic = "TOCSEG1\n";
constexpr std::string_view segment_end = "TOCSEND\n";
constexpr std::size_t frame_header_size = 36;
constexpr std::size_t trailer_size = 16;

enum class FrameKind : std::uint8_t { block, footer };

struct FrameHeader {
  FrameKind kind = FrameKind::block;
  std::uint32_t stored = 0;
  std::uint32_t plain = 0;
  std::uint32_t events = 0;
  Time first{};
  Time last{};
  std::uint32_t crc = 0;
};

// What a search can prune by. `key_kind` tells from a field's name; nothing for other fields.
enum class KeyKind : std::uint8_t { address, user, host, hash };
constexpr std::size_t key_kinds = 4;
std::optional<KeyKind> key_kind(std::string_view field_name) noexcept;

using Filters = std::array<BloomFilter, key_kinds>;

// Appends header and payload. `lines` is compressed for a block.
void append_block(std::string& out, std::string_view lines, std::uint32_t events, Time first, Time last);
void append_footer(std::string& out, const Filters& filters, std::uint32_t events, Time first, Time last,
                   std::uint64_t offset);

// From at least frame_header_size bytes; nothing when it is no header or claims more than a block may hold.
std::optional<FrameHeader> read_header(Bytes bytes) noexcept;
// Whole frame: header and `stored` bytes of payload.
bool frame_intact(Bytes frame) noexcept;
Result<std::string> read_block(const FrameHeader& header, Bytes payload);
std::optional<Filters> read_footer(Bytes payload);

}  // namespace tocsin::daemon
