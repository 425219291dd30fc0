// rooms: store
// A segment file as a search and a start after a crash find it: footer, frames and blocks within the file's bounds.
// First byte odd: the checksums are made right first, so that what lies behind them is reached.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "daemon/store/segment/crc32c.h"
#include "daemon/store/segment/file.h"
#include "daemon/store/segment/line.h"

namespace {

void mend(std::string& file) {
  using namespace tocsin;
  std::size_t at = daemon::segment_magic.size();
  while (at < file.size()) {
    const auto rest = as_bytes(file).subspan(at);
    const auto header = daemon::read_header(rest);
    if (!header || rest.size() < daemon::frame_header_size + header->stored) return;
    const auto before = daemon::crc32c(rest.first(daemon::frame_header_size - 4));
    const auto crc = daemon::crc32c(rest.subspan(daemon::frame_header_size, header->stored), before);
    for (std::size_t i = 0; i < 4; ++i)
      file[at + daemon::frame_header_size - 4 + i] = static_cast<char>(crc >> (8 * i));
    at += daemon::frame_header_size + header->stored;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  if (size < 1) return 0;
  std::string bytes(as_text({data + 1, size - 1}));
  if (data[0] % 2 == 1) mend(bytes);
  static const std::string path = [] {
    std::string name = "/dev/shm/fuzz-segment-" + std::to_string(::getpid());
    std::atexit([] { ::unlink(("/dev/shm/fuzz-segment-" + std::to_string(::getpid())).c_str()); });
    return name;
  }();
  static const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0 || ::ftruncate(descriptor, 0) != 0) std::abort();
  if (::pwrite(descriptor, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  const auto file = daemon::SegmentFile::open(path);
  if (!file || file->size() != bytes.size()) std::abort();
  if (const auto footer = file->footer(); footer && footer->offset > bytes.size()) std::abort();
  daemon::LineReader reader;
  const auto end = file->walk([&](const daemon::FrameHeader& header, std::uint64_t offset) {
    if (const auto lines = file->lines(header, offset)) {
      if (lines->size() != header.plain) std::abort();
      reader.keys(*lines, [](daemon::KeyKind, std::string_view) {});
    }
    return true;
  });
  if (end > bytes.size() || file->intact_end() > end) std::abort();
  return 0;
}
