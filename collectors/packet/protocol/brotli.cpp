#include "collectors/packet/protocol/brotli.h"

#include <array>

#include <brotli/decode.h>

namespace tocsin::collectors {

struct BrotliStream::Decoder {
  BrotliDecoderState* state = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);

  Decoder() = default;
  ~Decoder() {
    if (state != nullptr) BrotliDecoderDestroyInstance(state);
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
};

BrotliStream::BrotliStream() : decoder_(std::make_unique<Decoder>()) {}
BrotliStream::~BrotliStream() = default;

bool BrotliStream::add(Bytes bytes, const std::function<void(Bytes)>& take) {
  if (failed_ || decoder_->state == nullptr) return false;
  std::array<std::uint8_t, 16'384> space;
  std::size_t left = bytes.size();
  const std::uint8_t* next = bytes.data();
  while (!ended_) {
    std::size_t room = space.size();
    std::uint8_t* out = space.data();
    const auto result = BrotliDecoderDecompressStream(decoder_->state, &left, &next, &room, &out, nullptr);
    const std::size_t made = space.size() - room;
    unpacked_ += made;
    if (made != 0) take(Bytes(space).first(made));
    ended_ = result == BROTLI_DECODER_RESULT_SUCCESS;
    failed_ = result == BROTLI_DECODER_RESULT_ERROR || unpacked_ > unpacked_most;
    if (failed_) return false;
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) break;
  }
  return true;
}

}  // namespace tocsin::collectors
