#pragma once
// Where the bytes of a capture file come from: a descriptor, memory or a callback, inflated on the fly when they are
// gzip (RFC 1952) or Zstandard (RFC 8878). Inflation works in a fixed amount of memory, so a bomb costs time only, and
// `inflated_most` bounds that. One owner, one thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"

namespace tocsin::collectors {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // How many bytes were put into `into`; 0 at the end. Blocks.
  virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

enum class DescriptorOwner : std::uint8_t { source, caller };

std::unique_ptr<ByteSource> source_from_descriptor(int descriptor, DescriptorOwner owner);
// The memory stays the caller's and must outlive the source.
std::unique_ptr<ByteSource> source_from_memory(Bytes bytes);
std::unique_ptr<ByteSource> source_from_callback(std::function<Result<std::size_t>(std::span<std::uint8_t>)> read);

// Looks at the first bytes: compressed input comes out inflated, other input unchanged. Fails with `exhausted` past
// `inflated_most`, with `invalid` on broken compressed data; what came before is good.
Result<std::unique_ptr<ByteSource>> inflating_source(std::unique_ptr<ByteSource> inner, std::uint64_t inflated_most);

}  // namespace tocsin::collectors
