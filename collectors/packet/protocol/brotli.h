#pragma once
// Brotli (RFC 7932) of a body that comes in pieces. What a small body may unpack to is bounded.

#include <cstdint>
#include <functional>
#include <memory>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

class BrotliStream {
 public:
  static constexpr std::uint64_t unpacked_most = 64ULL << 20;  // of one body

  BrotliStream();
  ~BrotliStream();
  BrotliStream(const BrotliStream&) = delete;
  BrotliStream& operator=(const BrotliStream&) = delete;

  // `take` gets the content in pieces. False: it is no Brotli, or too much of it; nothing more is unpacked.
  bool add(Bytes bytes, const std::function<void(Bytes)>& take);
  std::uint64_t unpacked() const noexcept { return unpacked_; }

 private:
  struct Decoder;
  std::unique_ptr<Decoder> decoder_;
  std::uint64_t unpacked_ = 0;
  bool ended_ = false;  // what stands behind the end is passed over
  bool failed_ = false;
};

}  // namespace tocsin::collectors
