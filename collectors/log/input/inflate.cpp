#include "collectors/log/input/inflate.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace tocsin::collectors {

namespace {
constexpr std::size_t chunk = 64 * 1024;
constexpr int zstd_window_log_most = 27;
}  // namespace

ByteSource descriptor_source(int descriptor) {
  return [descriptor](std::span<std::uint8_t> out) -> Result<std::size_t> {
    for (;;) {
      const auto n = ::read(descriptor, out.data(), out.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return fail_errno("cannot read the log", errno);
    }
  };
}

ByteSource memory_source(std::vector<std::uint8_t> bytes) {
  struct Place {
    std::vector<std::uint8_t> bytes;
    std::size_t at = 0;
  };
  auto place = std::make_shared<Place>(Place{std::move(bytes), 0});
  return [place](std::span<std::uint8_t> out) -> Result<std::size_t> {
    const auto n = std::min(out.size(), place->bytes.size() - place->at);
    if (n != 0) std::memcpy(out.data(), place->bytes.data() + place->at, n);
    place->at += n;
    return n;
  };
}

struct Inflater::State {
  enum class Form : std::uint8_t { unknown, plain, gzip, zstd };

  explicit State(ByteSource source) : inner(std::move(source)), input(chunk) {}
  ~State() {
    if (form == Form::gzip) inflateEnd(&gzip);
    ZSTD_freeDStream(zstd);
  }

  ByteSource inner;
  std::vector<std::uint8_t> input;
  std::size_t begin = 0, end = 0;
  bool ended = false;   // of the inner source
  bool between = true;  // of compressed members
  Form form = Form::unknown;
  z_stream gzip{};
  ZSTD_DStream* zstd = nullptr;

  Result<void> fill() {
    if (begin > 0 && begin == end) begin = end = 0;
    if (ended || end == input.size()) return {};
    TOCSIN_TRY(const auto n, inner(std::span(input).subspan(end)));
    end += n;
    ended = n == 0;
    return {};
  }

  Result<void> detect() {
    while (!ended && end < 4) TOCSIN_CHECK(fill());
    const auto starts = [&](std::initializer_list<std::uint8_t> magic) {
      return end >= magic.size() && std::equal(magic.begin(), magic.end(), input.begin());
    };
    if (starts({0x1F, 0x8B, 0x08})) {
      form = Form::gzip;
      if (inflateInit2(&gzip, 15 + 16) != Z_OK) return fail(Code::exhausted, "cannot start to decompress gzip");
    } else if (starts({0x28, 0xB5, 0x2F, 0xFD})) {
      form = Form::zstd;
      zstd = ZSTD_createDStream();
      if (zstd == nullptr) return fail(Code::exhausted, "cannot start to decompress zstd");
      ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, zstd_window_log_most);
    } else {
      form = Form::plain;
    }
    return {};
  }

  Result<std::size_t> read_plain(std::span<std::uint8_t> out) {
    if (begin == end) TOCSIN_CHECK(fill());
    const auto n = std::min(out.size(), end - begin);
    if (n != 0) std::memcpy(out.data(), input.data() + begin, n);
    begin += n;
    return n;
  }

  // One step of decompression into `out`; gives the bytes made.
  Result<std::size_t> step_gzip(std::span<std::uint8_t> out) {
    gzip.next_in = input.data() + begin;
    gzip.avail_in = static_cast<uInt>(end - begin);
    gzip.next_out = out.data();
    gzip.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), chunk));
    const auto wanted = gzip.avail_out;
    const int code = inflate(&gzip, Z_NO_FLUSH);
    begin = end - gzip.avail_in;
    if (code == Z_STREAM_END) {
      between = true;
      inflateReset(&gzip);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return fail(Code::invalid, "the gzip data is damaged; what came before it was read");
    } else {
      between = false;
    }
    return wanted - gzip.avail_out;
  }

  Result<std::size_t> step_zstd(std::span<std::uint8_t> out) {
    ZSTD_inBuffer from{input.data() + begin, end - begin, 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const auto code = ZSTD_decompressStream(zstd, &to, &from);
    begin += from.pos;
    if (ZSTD_isError(code) != 0)
      return fail(Code::invalid, std::string("the zstd data is damaged (") + ZSTD_getErrorName(code) +
                                     "); what came before it was read");
    between = code == 0;
    return to.pos;
  }

  Result<std::size_t> read(std::span<std::uint8_t> out) {
    if (form == Form::unknown) TOCSIN_CHECK(detect());
    if (form == Form::plain) return read_plain(out);
    for (;;) {
      if (begin == end) {
        TOCSIN_CHECK(fill());
        if (begin == end && ended && between) return std::size_t{0};
      }
      const bool starved = begin == end;
      TOCSIN_TRY(const auto made, form == Form::gzip ? step_gzip(out) : step_zstd(out));
      if (made != 0) return made;
      if (starved && ended) return fail(Code::invalid, "the compressed data ends too early; what came before was read");
    }
  }
};

Inflater::Inflater(ByteSource inner) : state_(std::make_unique<State>(std::move(inner))) {}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Result<std::size_t> Inflater::read(std::span<std::uint8_t> out) { return state_->read(out); }

}  // namespace tocsin::collectors
