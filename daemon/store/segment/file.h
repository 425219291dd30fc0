#pragma once
// Walking a segment file frame by frame, by pread: the writer may be appending to it meanwhile.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "daemon/store/segment/frame.h"

namespace tocsin::daemon {

std::string segment_name(std::string_view event_class, std::uint64_t number);  // "log-00000042.seg"
struct SegmentPath {
  std::filesystem::path path;
  std::string event_class;
  std::uint64_t number = 0;
};
// All segment files of a directory (of one class unless empty), by class and number.
std::vector<SegmentPath> list_segments(const std::filesystem::path& directory, std::string_view event_class);

// Owns the descriptor. One thread.
class SegmentFile {
 public:
  static Result<SegmentFile> open(const std::filesystem::path& path);
  SegmentFile(SegmentFile&& other) noexcept;
  SegmentFile& operator=(SegmentFile&&) = delete;
  ~SegmentFile();

  std::uint64_t size() const noexcept { return size_; }
  // The footer of a sealed segment.
  struct Footer {
    FrameHeader header;
    Filters filters;
    std::uint64_t offset = 0;
  };
  std::optional<Footer> footer() const;
  // Calls `each` for every block header with its offset, until it returns false, the footer, or the first frame that is
  // torn. Gives where the intact frames end.
  std::uint64_t walk(const std::function<bool(const FrameHeader&, std::uint64_t)>& each) const;
  // Checks the CRC.
  Result<std::string> lines(const FrameHeader& header, std::uint64_t offset) const;
  // End of the last frame whose CRC holds; at least the file's own header, 0 when even that is broken.
  std::uint64_t intact_end() const;

 private:
  SegmentFile(int descriptor, std::uint64_t size) : descriptor_(descriptor), size_(size) {}
  bool read(std::uint64_t offset, std::string& out, std::size_t size) const;

  int descriptor_;
  std::uint64_t size_;
};

}  // namespace tocsin::daemon
