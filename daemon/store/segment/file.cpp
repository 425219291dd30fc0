#include "daemon/store/segment/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "collectors/base/text.h"

namespace tocsin::daemon {

std::string segment_name(std::string_view event_class, std::uint64_t number) {
  return fmt::format("{}-{:08}.seg", event_class, number);
}

std::vector<SegmentPath> list_segments(const std::filesystem::path& directory, std::string_view event_class) {
  std::vector<SegmentPath> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const auto name = entry.path().filename().string();
    const auto dash = name.rfind('-');
    if (dash == std::string::npos || !name.ends_with(".seg")) continue;
    const auto number = parse_unsigned(std::string_view(name).substr(dash + 1, name.size() - dash - 5));
    auto found = name.substr(0, dash);
    if (!number || (!event_class.empty() && found != event_class)) continue;
    out.push_back({entry.path(), std::move(found), *number});
  }
  std::ranges::sort(out, [](const SegmentPath& a, const SegmentPath& b) {
    return std::tie(a.event_class, a.number) < std::tie(b.event_class, b.number);
  });
  return out;
}

Result<SegmentFile> SegmentFile::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return fail_errno("cannot open " + path.string(), errno);
  struct stat info{};
  if (::fstat(descriptor, &info) != 0) {
    const int cause = errno;
    ::close(descriptor);
    return fail_errno("cannot look at " + path.string(), cause);
  }
  return SegmentFile(descriptor, static_cast<std::uint64_t>(info.st_size));
}

SegmentFile::SegmentFile(SegmentFile&& other) noexcept : descriptor_(other.descriptor_), size_(other.size_) {
  other.descriptor_ = -1;
}
SegmentFile::~SegmentFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool SegmentFile::read(std::uint64_t offset, std::string& out, std::size_t size) const {
  if (offset > size_ || size > size_ - offset) return false;
  out.resize(size);
  std::size_t done = 0;
  while (done < size) {
    const auto got = ::pread(descriptor_, out.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

std::optional<SegmentFile::Footer> SegmentFile::footer() const {
  std::string trailer;
  if (size_ < segment_magic.size() + frame_header_size + trailer_size) return std::nullopt;
  if (!read(size_ - trailer_size, trailer, trailer_size) || !trailer.ends_with(segment_end)) return std::nullopt;
  ByteReader in(as_bytes(trailer));
  const auto offset = in.u64_little();
  std::string frame;
  if (offset >= size_ - trailer_size || !read(offset, frame, size_ - trailer_size - offset)) return std::nullopt;
  const auto header = read_header(as_bytes(frame));
  if (!header || header->kind != FrameKind::footer || !frame_intact(as_bytes(frame))) return std::nullopt;
  auto filters = read_footer(as_bytes(frame).subspan(frame_header_size, header->stored));
  if (!filters) return std::nullopt;
  return Footer{*header, std::move(*filters), offset};
}

std::uint64_t SegmentFile::walk(const std::function<bool(const FrameHeader&, std::uint64_t)>& each) const {
  std::string bytes;
  if (!read(0, bytes, segment_magic.size()) || bytes != segment_magic) return 0;
  std::uint64_t offset = segment_magic.size();
  while (read(offset, bytes, frame_header_size)) {
    const auto header = read_header(as_bytes(bytes));
    if (!header || header->kind == FrameKind::footer || header->stored > size_ - offset - frame_header_size) break;
    if (!each(*header, offset)) break;
    offset += frame_header_size + header->stored;
  }
  return offset;
}

Result<std::string> SegmentFile::lines(const FrameHeader& header, std::uint64_t offset) const {
  std::string frame;
  if (!read(offset, frame, frame_header_size + header.stored) || !frame_intact(as_bytes(frame)))
    return fail(Code::invalid, fmt::format("a block of events at offset {} is damaged; run `tocsin doctor`", offset));
  return read_block(header, as_bytes(frame).subspan(frame_header_size));
}

std::uint64_t SegmentFile::intact_end() const {
  return walk([&](const FrameHeader& header, std::uint64_t offset) {
    std::string frame;
    return read(offset, frame, frame_header_size + header.stored) && frame_intact(as_bytes(frame));
  });
}

}  // namespace tocsin::daemon
