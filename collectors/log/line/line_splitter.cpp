#include "collectors/log/line/line_splitter.h"

#include <cstring>

namespace tocsin::collectors {

namespace {

std::string_view without_return(const char* text, std::size_t size) {
  if (size > 0 && text[size - 1] == '\r') --size;
  return {text, size};
}

}  // namespace

void LineSplitter::feed(std::span<const std::uint8_t> bytes) {
  if (skipping_) {
    const void* found = bytes.empty() ? nullptr : std::memchr(bytes.data(), '\n', bytes.size());
    const auto count = found == nullptr
                           ? bytes.size()
                           : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data()) + 1;
    skipped_ += count;
    offset_ += count;
    skipping_ = found == nullptr;
    bytes = bytes.subspan(count);
  }
  if (begin_ > 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  buffer_.insert(buffer_.end(), text, text + bytes.size());
}

bool LineSplitter::next(RawLine& line) {
  const auto held = buffer_.size() - begin_;
  const char* start = buffer_.data() + begin_;
  if (held == 0) return false;
  const void* found = std::memchr(start + searched_, '\n', held - searched_);
  const auto length = found == nullptr ? held : static_cast<std::size_t>(static_cast<const char*>(found) - start);
  if (found == nullptr && held <= most_) {
    searched_ = held;
    return false;
  }
  searched_ = 0;
  const bool cut = length > most_;
  line = {.text = without_return(start, cut ? most_ : length), .offset = offset_, .truncated = cut};
  const auto taken = found == nullptr ? held : length + 1;
  if (cut) {
    ++truncated_;
    skipped_ += taken - most_;
    skipping_ = found == nullptr;
  }
  begin_ += taken;
  offset_ += taken;
  line.end = offset_;
  return true;
}

bool LineSplitter::last(RawLine& line) {
  if (next(line)) return true;
  const auto held = buffer_.size() - begin_;
  if (held == 0) return false;
  line = {.text = without_return(buffer_.data() + begin_, held), .offset = offset_, .complete = false};
  begin_ = buffer_.size();
  searched_ = 0;
  offset_ += held;
  line.end = offset_;
  return true;
}

void LineSplitter::restart(std::uint64_t start) {
  buffer_.clear();
  begin_ = searched_ = 0;
  offset_ = start;
  skipping_ = false;
}

}  // namespace tocsin::collectors
