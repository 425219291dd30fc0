// rooms: packet
// Writes a large capture made of small ones (capture_material.h): bench_grow OUT.pcap COPIES IN.pcap…

#include <cstdio>
#include <cstring>

#include "collectors/base/text.h"
#include "tests/bench/capture_material.h"

namespace tocsin::bench {
namespace {

// pcap with nanoseconds (draft-ietf-opsawg-pcap), in this machine's byte order.
bool write_capture(const Capture& capture, const char* path) {
  std::FILE* out = std::fopen(path, "wbx");
  if (out == nullptr) return false;
  const auto put = [&](const auto& value) { std::fwrite(&value, sizeof value, 1, out); };
  put(std::uint32_t{0xa1b23c4d});
  put(std::uint16_t{2});
  put(std::uint16_t{4});
  put(std::uint64_t{0});
  put(std::uint32_t{262'144});
  put(capture.places.front().link_type);
  for (const auto& place : capture.places) {
    const auto since = place.time.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    put(static_cast<std::uint32_t>(seconds.count()));
    put(static_cast<std::uint32_t>((since - seconds).count()));
    put(static_cast<std::uint32_t>(place.size));
    put(static_cast<std::uint32_t>(place.wire_length));
    std::fwrite(capture.bytes.data() + place.offset, 1, place.size, out);
  }
  const bool good = std::ferror(out) == 0;
  return std::fclose(out) == 0 && good;
}

int grow_main(int count, char** arguments) {
  const auto copies = count > 3 ? parse_unsigned(arguments[2]) : std::nullopt;
  if (!copies || *copies == 0 || *copies > 60'000) {
    std::fprintf(stderr, "usage: bench_grow OUT.pcap COPIES IN.pcap...   (COPIES: 1 to 60000)\n");
    return 2;
  }
  std::vector<Capture> recordings;
  for (int i = 3; i < count; ++i) recordings.push_back(read_capture(arguments[i]));
  const Capture grown = grow(recordings, static_cast<std::uint32_t>(*copies));
  if (grown.places.empty() || !write_capture(grown, arguments[1])) {
    std::fprintf(stderr, "cannot write %s: %s\n", arguments[1],
                 grown.places.empty() ? "no packets" : std::strerror(errno));
    return 1;
  }
  std::printf("%zu packets, %zu bytes\n", grown.places.size(), grown.bytes.size());
  return 0;
}

}  // namespace
}  // namespace tocsin::bench

int main(int count, char** arguments) {
  try {
    return tocsin::bench::grow_main(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
