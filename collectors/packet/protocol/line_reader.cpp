#include "collectors/packet/protocol/line_reader.h"

#include <algorithm>
#include <cstring>

namespace tocsin::collectors {

bool LineReader::next(Bytes& bytes, std::size_t most, Line& line) {
  if (given_) held_.clear();
  given_ = false;
  if (bytes.empty()) return false;
  const std::string_view text = as_text(bytes);
  const std::size_t newline = text.find('\n');
  const std::size_t available = newline == std::string_view::npos ? text.size() : newline + 1;
  const std::size_t room = most - std::min(most, held_.size());  // with the line's end
  const std::size_t count = std::min(available, room);
  std::string_view whole = text.substr(0, count);
  bytes = bytes.subspan(count);
  const bool ended = whole.ends_with('\n');
  if (!held_.empty()) {
    held_.append(whole);
    whole = held_;
    given_ = true;
  }
  if (!ended && whole.size() < most) {
    if (!given_) held_.assign(whole);
    given_ = false;
    return false;
  }
  line.begins = begins_;
  begins_ = ended;
  std::size_t end = 0;
  if (ended) end = whole.size() >= 2 && whole[whole.size() - 2] == '\r' ? 2 : 1;
  line.text = whole.substr(0, whole.size() - end);
  line.end_of_line = whole.substr(whole.size() - end);
  return true;
}

void LineReader::lose() {
  held_.clear();
  given_ = false;
  begins_ = false;
}

void LineReader::reset() {
  held_.clear();
  given_ = false;
  begins_ = true;
}

}  // namespace tocsin::collectors
