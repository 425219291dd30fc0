#pragma once
// Bytes → lines. Holds a partial last line; a line longer than `most` is cut there, flagged, and its rest skipped and
// counted: memory stays bounded by `most` plus one chunk whatever the input. Any bytes are allowed. One owner.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tocsin::collectors {

inline constexpr std::size_t line_most = 64 * 1024;

struct RawLine {
  std::string_view text;     // without LF and CR; valid until the next feed()
  std::uint64_t offset = 0;  // of its first byte
  std::uint64_t end = 0;     // just past its LF (or past what was read of it)
  bool truncated = false;    // longer than the limit
  bool complete = true;      // false: the input ended without LF
};

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t most = line_most, std::uint64_t start = 0) : most_(most), offset_(start) {}

  void feed(std::span<const std::uint8_t> bytes);
  // The next whole (or cut) line.
  bool next(RawLine& line);
  // What is left when the input has ended; false when nothing is.
  bool last(RawLine& line);
  // Starts over at another place (truncated or rotated file).
  void restart(std::uint64_t start);

  std::uint64_t skipped_bytes() const noexcept { return skipped_; }
  std::uint64_t truncated_lines() const noexcept { return truncated_; }
  // Bytes held back because their line is not complete.
  std::size_t pending() const noexcept { return buffer_.size() - begin_; }

 private:
  std::size_t most_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;     // of the line being looked for
  std::size_t searched_ = 0;  // from begin_: known to hold no LF
  std::uint64_t offset_;      // of begin_ in the input
  bool skipping_ = false;     // inside the rest of a cut line
  std::uint64_t skipped_ = 0;
  std::uint64_t truncated_ = 0;
};

}  // namespace tocsin::collectors
