#include "collectors/packet/protocol/websocket/inflate.h"

#include <zlib.h>

#include <array>

namespace tocsin::collectors {

struct MessageInflater::Stream {
  Stream() { ready = ::inflateInit2(&z, -15) == Z_OK; }
  ~Stream() {
    if (ready) ::inflateEnd(&z);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  z_stream z{};
  bool ready = false;
};

MessageInflater::MessageInflater() : stream_(std::make_unique<Stream>()) {}
MessageInflater::~MessageInflater() = default;

MessageInflater::Outcome MessageInflater::add(Bytes message, std::size_t most, std::vector<std::uint8_t>& out) {
  static constexpr std::array<std::uint8_t, 4> empty_block{0x00, 0x00, 0xFF, 0xFF};
  if (lost_ || !stream_->ready) return Outcome::failed;
  auto& z = stream_->z;
  std::array<std::uint8_t, 8'192> space;
  for (const Bytes part : {message, Bytes(empty_block)}) {
    z.next_in = const_cast<Bytef*>(part.data());
    z.avail_in = static_cast<uInt>(part.size());
    do {
      z.next_out = space.data();
      z.avail_out = static_cast<uInt>(space.size());
      const int state = ::inflate(&z, Z_SYNC_FLUSH);
      if (state != Z_OK && state != Z_BUF_ERROR && state != Z_STREAM_END) {
        lost_ = true;
        return Outcome::failed;
      }
      const std::size_t made = space.size() - z.avail_out;
      const std::size_t room = most - std::min(most, out.size());
      out.insert(out.end(), space.begin(), space.begin() + static_cast<std::ptrdiff_t>(std::min(made, room)));
      if (made > room) {
        lost_ = true;
        return Outcome::cut;
      }
      if (state == Z_STREAM_END && ::inflateReset(&z) != Z_OK) lost_ = true;
      if (state == Z_STREAM_END || (state == Z_BUF_ERROR && made == 0)) break;
    } while (z.avail_in != 0 || z.avail_out == 0);
  }
  return Outcome::whole;
}

}  // namespace tocsin::collectors
