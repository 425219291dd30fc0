#include "collectors/packet/protocol/http2/body.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "collectors/base/text.h"

namespace tocsin::collectors {
namespace {

constexpr std::uint64_t inflated_most = 64ULL << 20;  // of one body: what a bomb may cost

}  // namespace

struct Http2Body::Inflater {
  explicit Inflater(bool allow_raw) : raw_allowed(allow_raw) {
    ready = ::inflateInit2(&stream, 15 + 32) == Z_OK;  // gzip or zlib, by its header
  }
  ~Inflater() {
    if (ready) ::inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
  bool ready = false;
  bool raw_allowed;
  bool ended = false;
};

Http2Body::Http2Body() = default;
Http2Body::~Http2Body() = default;
Http2Body::Http2Body(Http2Body&&) noexcept = default;
Http2Body& Http2Body::operator=(Http2Body&&) noexcept = default;

void Http2Body::set_encoding(std::string_view name) {
  if (began_) return;
  const bool gzip = equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip");
  const bool deflate = equals_ignoring_case(name, "deflate");
  brotli_ = equals_ignoring_case(name, "br") ? std::make_unique<BrotliStream>() : nullptr;
  inflater_ = gzip || deflate ? std::make_unique<Inflater>(deflate) : nullptr;
}

void Http2Body::give(Bytes bytes, std::uint64_t kept_most, const std::function<void(Bytes)>& take) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  if (kept_.size() < kept_most) {
    const auto part =
        bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(kept_most - kept_.size(), bytes.size())));
    kept_.insert(kept_.end(), part.begin(), part.end());
  }
  take(bytes);
}

bool Http2Body::inflate(Bytes bytes, std::uint64_t kept_most, const std::function<void(Bytes)>& take) {
  auto& in = *inflater_;
  if (in.ended) return true;  // trailing bytes
  std::array<std::uint8_t, 16'384> out;
  in.stream.next_in = const_cast<Bytef*>(bytes.data());
  in.stream.avail_in = static_cast<uInt>(bytes.size());
  do {
    in.stream.next_out = out.data();
    in.stream.avail_out = static_cast<uInt>(out.size());
    int state = ::inflate(&in.stream, Z_NO_FLUSH);
    // Many servers send "deflate" without the zlib header it is to have.
    if (state == Z_DATA_ERROR && in.raw_allowed && in.stream.total_out == 0) {
      in.raw_allowed = false;
      if (::inflateReset2(&in.stream, -15) != Z_OK) return false;
      in.stream.next_in = const_cast<Bytef*>(bytes.data());
      in.stream.avail_in = static_cast<uInt>(bytes.size());
      state = ::inflate(&in.stream, Z_NO_FLUSH);
    }
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) return false;
    give(Bytes(out).first(out.size() - in.stream.avail_out), kept_most, take);
    if (size_ > inflated_most) return false;
    in.ended = state == Z_STREAM_END;
    if (state == Z_BUF_ERROR) break;
  } while (!in.ended && (in.stream.avail_in != 0 || in.stream.avail_out == 0));
  return true;
}

bool Http2Body::add(Bytes bytes, std::uint64_t kept_most, const std::function<void(Bytes)>& take) {
  began_ = true;
  if (brotli_ != nullptr) {
    if (brotli_->add(bytes, [&](Bytes part) { give(part, kept_most, take); })) return true;
    brotli_.reset();
    if (size_ == 0) give(bytes, kept_most, take);
    return false;
  }
  if (inflater_ == nullptr || !inflater_->ready) {
    give(bytes, kept_most, take);
    return true;
  }
  if (inflate(bytes, kept_most, take)) return true;
  const bool fresh = size_ == 0;
  inflater_.reset();
  if (fresh) give(bytes, kept_most, take);  // it never was what it said
  return false;
}

}  // namespace tocsin::collectors
