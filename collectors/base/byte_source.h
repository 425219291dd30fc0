#pragma once
// Where the bytes of an input come from: a descriptor, memory or a callback; `inflating_source` unpacks gzip (RFC 1952,
// several members, padded with zeros or not) and Zstandard (RFC 8878) on the fly. One owner, one thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"

namespace tocsin {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // How many bytes were put into `into`, from its front; 0 at the end. Blocks.
  virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

enum class DescriptorOwner : std::uint8_t { source, caller };

// Reads with read(2), from where the descriptor stands.
std::unique_ptr<ByteSource> source_from_descriptor(int descriptor, DescriptorOwner owner);
// The memory stays the caller's and must outlive the source.
std::unique_ptr<ByteSource> source_from_memory(Bytes bytes);
// The memory is the source's own.
std::unique_ptr<ByteSource> source_from_copy(std::vector<std::uint8_t> bytes);
std::unique_ptr<ByteSource> source_from_callback(std::function<Result<std::size_t>(std::span<std::uint8_t>)> read);

enum class Compression : std::uint8_t { none, gzip, zstandard };
// By the first bytes of an input; four are enough.
Compression compression_of(Bytes head) noexcept;

inline constexpr std::uint64_t inflated_any = UINT64_MAX;  // no bound on the output

// Looks at the first bytes when it is first read: compressed input comes out inflated, other input unchanged. Memory is
// bounded by the window of the format (Zstandard: 128 MiB at most), so a bomb costs time only, and `inflated_most`
// bounds that. Fails with `exhausted` past `inflated_most` and with `invalid` when compressed data is damaged or cut
// short, after all bytes before that place were given.
std::unique_ptr<ByteSource> inflating_source(std::unique_ptr<ByteSource> inner, std::uint64_t inflated_most);

}  // namespace tocsin
