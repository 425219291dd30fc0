#pragma once
// A stream of bytes, decompressed as it is read: gzip (RFC 1952, several members) and zstd (RFC 8878) are found by
// their magic; anything else passes through. Memory is bounded by the window of the format (zstd: 128 MiB at most).

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "collectors/base/result.h"

namespace tocsin::collectors {

// Fills the span from the front; 0 = end.
using ByteSource = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;
// Reads a descriptor with read(2); the caller keeps it open.
ByteSource descriptor_source(int descriptor);
// Bytes in memory, copied.
ByteSource memory_source(std::vector<std::uint8_t> bytes);

// Wraps `inner`. `truncated()`-like ends (a compressed file cut short) give an `invalid` error after all that was
// whole.
class Inflater {
 public:
  explicit Inflater(ByteSource inner);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;
  Result<std::size_t> read(std::span<std::uint8_t> out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::collectors
