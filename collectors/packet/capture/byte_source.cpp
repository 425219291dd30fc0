#include "collectors/packet/capture/byte_source.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace tocsin::collectors {

namespace {

constexpr std::size_t input_size = 64 * 1024;

class DescriptorSource final : public ByteSource {
 public:
  DescriptorSource(int descriptor, DescriptorOwner owner) : descriptor_(descriptor), owner_(owner) {}
  ~DescriptorSource() override {
    if (owner_ == DescriptorOwner::source) ::close(descriptor_);
  }
  DescriptorSource(const DescriptorSource&) = delete;
  DescriptorSource& operator=(const DescriptorSource&) = delete;

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    for (;;) {
      const auto count = ::read(descriptor_, into.data(), into.size());
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return fail_errno("cannot read the capture", errno);
    }
  }

 private:
  const int descriptor_;
  const DescriptorOwner owner_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(bytes) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const auto count = std::min(into.size(), bytes_.size());
    if (count != 0) std::memcpy(into.data(), bytes_.data(), count);
    bytes_ = bytes_.subspan(count);
    return count;
  }

 private:
  Bytes bytes_;
};

class CallbackSource final : public ByteSource {
 public:
  explicit CallbackSource(std::function<Result<std::size_t>(std::span<std::uint8_t>)> read) : read_(std::move(read)) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override { return read_(into); }

 private:
  std::function<Result<std::size_t>(std::span<std::uint8_t>)> read_;
};

// Bytes already taken from the inner source to look at them, then the rest of it.
class PrefixedSource final : public ByteSource {
 public:
  PrefixedSource(std::vector<std::uint8_t> prefix, std::unique_ptr<ByteSource> inner)
      : prefix_(std::move(prefix)), inner_(std::move(inner)) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (used_ == prefix_.size()) return inner_->read(into);
    const auto count = std::min(into.size(), prefix_.size() - used_);
    std::memcpy(into.data(), prefix_.data() + used_, count);
    used_ += count;
    return count;
  }

 private:
  std::vector<std::uint8_t> prefix_;
  std::size_t used_ = 0;
  std::unique_ptr<ByteSource> inner_;
};

// The part both decompressors share: a block of input, the cap on output.
class Inflating : public ByteSource {
 public:
  Inflating(std::unique_ptr<ByteSource> inner, std::uint64_t most) : inner_(std::move(inner)), most_(most) {}

 protected:
  // False at the end of the input.
  Result<bool> fill() {
    TOCSIN_TRY(const auto count, inner_->read(input_));
    available_ = Bytes(input_.data(), count);
    return count != 0;
  }
  Result<std::size_t> produced(std::size_t count) {
    total_ += count;
    if (total_ > most_)
      return fail(Code::exhausted, "the capture inflates to more than " + std::to_string(most_) +
                                       " bytes; inflate it by hand if that is intended");
    return count;
  }

  Bytes available_;

 private:
  std::unique_ptr<ByteSource> inner_;
  std::array<std::uint8_t, input_size> input_{};
  const std::uint64_t most_;
  std::uint64_t total_ = 0;
};

class GzipSource final : public Inflating {
 public:
  using Inflating::Inflating;
  ~GzipSource() override {
    if (ready_) ::inflateEnd(&stream_);
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (!ready_) {
      if (::inflateInit2(&stream_, 15 + 16) != Z_OK) return fail(Code::exhausted, "cannot start zlib");
      ready_ = true;
    }
    while (!ended_) {
      if (available_.empty()) {
        TOCSIN_TRY(const bool more, fill());
        if (!more) {
          ended_ = true;
          if (between_members_) return std::size_t{0};
          return fail(Code::invalid, "the gzip data ends in the middle");
        }
      }
      TOCSIN_TRY(const auto count, step(into));
      if (count != 0) return produced(count);
    }
    return std::size_t{0};
  }

 private:
  Result<std::size_t> step(std::span<std::uint8_t> into) {
    if (between_members_ && available_.front() == 0) {  // padding after the last member
      available_ = available_.subspan(1);
      return std::size_t{0};
    }
    between_members_ = false;
    stream_.next_in = const_cast<Bytef*>(available_.data());
    stream_.avail_in = static_cast<uInt>(available_.size());
    stream_.next_out = into.data();
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(into.size(), 1U << 30));
    const auto room = stream_.avail_out;
    const int status = ::inflate(&stream_, Z_NO_FLUSH);
    available_ = available_.subspan(available_.size() - stream_.avail_in);
    const std::size_t count = room - stream_.avail_out;
    if (status == Z_STREAM_END) {
      ::inflateReset(&stream_);  // a gzip file may hold several members
      between_members_ = true;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      ended_ = true;
      if (count == 0) return fail(Code::invalid, "the gzip data is damaged");
    }
    return count;
  }

  z_stream stream_{};
  bool ready_ = false;
  bool ended_ = false;
  bool between_members_ = false;
};

class ZstandardSource final : public Inflating {
 public:
  ZstandardSource(std::unique_ptr<ByteSource> inner, std::uint64_t most)
      : Inflating(std::move(inner), most), stream_(::ZSTD_createDStream()) {
    if (stream_ == nullptr) return;
    static constexpr int window_log_most = 27;  // 128 MiB, what the zstd tool accepts by default
    ::ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, window_log_most);
  }
  ~ZstandardSource() override { ::ZSTD_freeDStream(stream_); }
  ZstandardSource(const ZstandardSource&) = delete;
  ZstandardSource& operator=(const ZstandardSource&) = delete;

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (stream_ == nullptr) return fail(Code::exhausted, "cannot start zstd");
    while (!ended_) {
      ::ZSTD_outBuffer out{into.data(), into.size(), 0};
      if (available_.empty() && !flushing_) {
        TOCSIN_TRY(const bool more, fill());
        if (!more) {
          ended_ = true;
          if (at_frame_end_) return std::size_t{0};
          return fail(Code::invalid, "the zstd data ends in the middle");
        }
      }
      ::ZSTD_inBuffer in{available_.data(), available_.size(), 0};
      const std::size_t status = ::ZSTD_decompressStream(stream_, &out, &in);
      available_ = available_.subspan(in.pos);
      if (::ZSTD_isError(status) != 0U) {
        ended_ = true;
        return fail(Code::invalid, std::string("the zstd data is damaged: ") + ::ZSTD_getErrorName(status));
      }
      at_frame_end_ = status == 0;
      flushing_ = out.pos == out.size && !at_frame_end_;
      if (out.pos != 0) return produced(out.pos);
    }
    return std::size_t{0};
  }

 private:
  ::ZSTD_DStream* stream_;
  bool ended_ = false;
  bool at_frame_end_ = false;
  bool flushing_ = false;  // output is left inside although all input was taken
};

}  // namespace

std::unique_ptr<ByteSource> source_from_descriptor(int descriptor, DescriptorOwner owner) {
  return std::make_unique<DescriptorSource>(descriptor, owner);
}
std::unique_ptr<ByteSource> source_from_memory(Bytes bytes) { return std::make_unique<MemorySource>(bytes); }
std::unique_ptr<ByteSource> source_from_callback(std::function<Result<std::size_t>(std::span<std::uint8_t>)> read) {
  return std::make_unique<CallbackSource>(std::move(read));
}

Result<std::unique_ptr<ByteSource>> inflating_source(std::unique_ptr<ByteSource> inner, std::uint64_t inflated_most) {
  std::vector<std::uint8_t> head(4);
  std::size_t have = 0;
  while (have < head.size()) {
    TOCSIN_TRY(const auto count, inner->read(std::span(head).subspan(have)));
    if (count == 0) break;
    have += count;
  }
  head.resize(have);
  static constexpr std::array<std::uint8_t, 2> gzip{0x1f, 0x8b};
  static constexpr std::array<std::uint8_t, 4> zstandard{0x28, 0xb5, 0x2f, 0xfd};
  const auto starts = [&](Bytes magic) {
    return head.size() >= magic.size() && std::equal(magic.begin(), magic.end(), head.begin());
  };
  const bool is_gzip = starts(gzip);
  const bool is_zstandard = starts(zstandard);
  std::unique_ptr<ByteSource> whole = std::make_unique<PrefixedSource>(std::move(head), std::move(inner));
  if (is_gzip) return std::make_unique<GzipSource>(std::move(whole), inflated_most);
  if (is_zstandard) return std::make_unique<ZstandardSource>(std::move(whole), inflated_most);
  return whole;
}

}  // namespace tocsin::collectors
