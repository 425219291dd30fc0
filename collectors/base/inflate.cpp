// inflating_source of byte_source.h: zlib and libzstd behind it.

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>

#include "collectors/base/byte_source.h"

namespace tocsin {

namespace {

constexpr std::size_t input_size = 64 * 1024;
constexpr std::size_t head_size = 4;               // of the longest magic
constexpr std::size_t step_most = 1U << 30;        // zlib counts in 32 bits
constexpr int zstandard_window_log_most = 27;      // 128 MiB, what the zstd tool accepts by default
constexpr std::size_t zstandard_block_header = 3;  // RFC 8878 §3.1.1.2

class InflatingSource final : public ByteSource {
 public:
  InflatingSource(std::unique_ptr<ByteSource> inner, std::uint64_t most) : inner_(std::move(inner)), most_(most) {}
  ~InflatingSource() override {
    if (gzip_ready_) ::inflateEnd(&gzip_);
    ::ZSTD_freeDStream(zstandard_);
  }
  InflatingSource(const InflatingSource&) = delete;
  InflatingSource& operator=(const InflatingSource&) = delete;

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (into.empty()) return std::size_t{0};
    if (!form_) TOCSIN_CHECK(begin());
    return form_ == Compression::none ? copy(into) : inflated(into);
  }

 private:
  // Adds to what is available; sets `ended_` when there is no more.
  Result<void> fill() {
    if (start_ == end_) start_ = end_ = 0;
    if (ended_ || end_ == input_.size()) return {};
    TOCSIN_TRY(const auto count, inner_->read(input_.subspan(end_)));
    end_ += count;
    ended_ = count == 0;
    return {};
  }

  Result<void> begin() {
    while (!ended_ && end_ < head_size) TOCSIN_CHECK(fill());
    const auto form = compression_of(Bytes(input_).first(end_));
    if (form == Compression::gzip) {
      if (::inflateInit2(&gzip_, 15 + 16) != Z_OK) return fail(Code::exhausted, "cannot start zlib");
      gzip_ready_ = true;
    } else if (form == Compression::zstandard) {
      zstandard_ = ::ZSTD_createDStream();
      wanted_ = zstandard_ == nullptr ? 0 : ::ZSTD_initDStream(zstandard_);
      if (zstandard_ == nullptr) return fail(Code::exhausted, "cannot start zstd");
      ::ZSTD_DCtx_setParameter(zstandard_, ZSTD_d_windowLogMax, zstandard_window_log_most);
    }
    form_ = form;
    return {};
  }

  Result<std::size_t> copy(std::span<std::uint8_t> into) {
    if (start_ == end_) return inner_->read(into);
    const auto count = std::min(into.size(), end_ - start_);
    std::memcpy(into.data(), input_.data() + start_, count);
    start_ += count;
    return count;
  }

  Result<std::size_t> inflated(std::span<std::uint8_t> into) {
    for (;;) {
      if (damage_) return std::unexpected(*damage_);
      if (start_ == end_) TOCSIN_CHECK(fill());
      if (form_ == Compression::gzip && between_) skip_padding();
      const bool starved = start_ == end_;
      if (starved && between_ && ended_) return std::size_t{0};
      if (starved && !ended_) continue;
      const auto count = form_ == Compression::gzip ? step_gzip(into) : step_zstandard(into);
      if (count != 0) return produced(count);
      if (starved && ended_ && !damage_)
        return fail(Code::invalid, "the compressed data ends too early; what came before was read");
    }
  }

  Result<std::size_t> produced(std::size_t count) {
    if (count > most_ - total_) {
      damage_ = Error(Code::exhausted, "the input inflates to more than " + std::to_string(most_) +
                                           " bytes; inflate it by hand if that is intended");
      return std::unexpected(*damage_);
    }
    total_ += count;
    return count;
  }

  void skip_padding() noexcept {
    while (start_ != end_ && input_[start_] == 0) ++start_;
  }

  // One step of inflation each; they give the bytes made and note damage for after those.
  std::size_t step_gzip(std::span<std::uint8_t> into) {
    gzip_.next_in = input_.data() + start_;
    gzip_.avail_in = static_cast<uInt>(end_ - start_);
    gzip_.next_out = into.data();
    gzip_.avail_out = static_cast<uInt>(std::min(into.size(), step_most));
    const auto room = gzip_.avail_out;
    const int status = ::inflate(&gzip_, Z_NO_FLUSH);
    start_ = end_ - gzip_.avail_in;
    between_ = status == Z_STREAM_END;
    if (between_) ::inflateReset(&gzip_);  // a file may hold several members
    else if (status != Z_OK && status != Z_BUF_ERROR)
      damage_ = Error(Code::invalid, "the gzip data is damaged; what came before was read");
    return room - gzip_.avail_out;
  }

  std::size_t step_zstandard(std::span<std::uint8_t> into) {
    // A block alone: damage in the header of the next one, which the library asks for as well, would cost the bytes of
    // this one.
    const auto block = wanted_ > zstandard_block_header ? wanted_ - zstandard_block_header : wanted_;
    ::ZSTD_inBuffer from{input_.data() + start_, std::min(end_ - start_, block), 0};
    ::ZSTD_outBuffer to{into.data(), into.size(), 0};
    const auto status = ::ZSTD_decompressStream(zstandard_, &to, &from);
    start_ += from.pos;
    between_ = status == 0;
    wanted_ = between_ ? head_size : status;
    if (::ZSTD_isError(status) != 0U)
      damage_ = Error(Code::invalid, std::string("the zstd data is damaged (") + ::ZSTD_getErrorName(status) +
                                         "); what came before was read");
    return to.pos;
  }

  std::unique_ptr<ByteSource> inner_;
  const std::uint64_t most_;
  // Not cleared: small files are opened by the thousand.
  const std::unique_ptr<std::uint8_t[]> memory_ = std::make_unique_for_overwrite<std::uint8_t[]>(input_size);
  const std::span<std::uint8_t> input_{memory_.get(), input_size};
  std::size_t start_ = 0;  // of what is not consumed yet
  std::size_t end_ = 0;
  bool ended_ = false;   // of the inner source
  bool between_ = true;  // members or frames
  std::optional<Compression> form_;
  std::optional<Error> damage_;  // answered once the bytes made before it are given, and from then on
  std::uint64_t total_ = 0;      // bytes made
  z_stream gzip_{};
  bool gzip_ready_ = false;
  ::ZSTD_DStream* zstandard_ = nullptr;
  std::size_t wanted_ = 0;  // by zstandard_, as its next input
};

}  // namespace

Compression compression_of(Bytes head) noexcept {
  const auto starts = [&](std::initializer_list<std::uint8_t> magic) {
    return head.size() >= magic.size() && std::equal(magic.begin(), magic.end(), head.begin());
  };
  if (starts({0x1F, 0x8B, 0x08})) return Compression::gzip;
  if (starts({0x28, 0xB5, 0x2F, 0xFD})) return Compression::zstandard;
  return Compression::none;
}

std::unique_ptr<ByteSource> inflating_source(std::unique_ptr<ByteSource> inner, std::uint64_t inflated_most) {
  return std::make_unique<InflatingSource>(std::move(inner), inflated_most);
}

}  // namespace tocsin
