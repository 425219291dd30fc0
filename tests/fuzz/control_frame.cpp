// rooms: control
// Bytes of a client on the control socket, in pieces as the first byte says: frames come out whole, as they were put
// in, or the connection is broken off.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "collectors/base/bytes.h"
#include "daemon/control/frame.h"

namespace {

std::string framed(const std::string& body) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(body.size() >> shift);
  return out + body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using State = daemon::FrameReader::State;
  if (size < 2 || size > 32'768) return 0;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  const auto sent = as_text({data + 1, size - 1});
  std::string read;
  daemon::FrameReader reader;
  State state = State::waiting;
  const auto take = [&] {
    while ((state = reader.read(ends[1])) == State::complete) read += framed(reader.take_body());
  };
  for (std::size_t at = 0; at < sent.size() && state == State::waiting; at += piece) {
    if (!daemon::send_all(ends[0], sent.substr(at, piece), {}, 0)) std::abort();
    take();
  }
  ::close(ends[0]);
  if (state == State::waiting) take();
  ::close(ends[1]);
  if (state == State::waiting || !sent.starts_with(read)) std::abort();
  if (state == State::closed && read.size() != sent.size()) std::abort();
  return 0;
}
