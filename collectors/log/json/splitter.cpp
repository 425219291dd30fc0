#include "collectors/log/json/splitter.h"

#include <algorithm>
#include <bit>

#include "collectors/base/scan.h"

namespace tocsin::collectors {

namespace {
constexpr auto npos = std::string_view::npos;
constexpr std::size_t nesting_most = 256;
constexpr std::size_t wrapper_most = 64;
constexpr std::size_t garbage_most = 64 * 1024;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// All places from one quote, with it, to the next, without it.
std::uint64_t between(std::uint64_t quotes) {
  for (unsigned shift = 1; shift < 64; shift *= 2) quotes ^= quotes << shift;
  return quotes;
}
}  // namespace

void JsonSplitter::feed(std::span<const std::uint8_t> bytes) {
  if (start_ > 0) {
    buffer_.erase(0, start_);
    base_ += start_;
    at_ -= std::min(at_, start_);
    start_ = 0;
  }
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// {"Records":[ … ]} as CloudTrail and Azure export: its objects are the documents. False: more bytes are needed.
bool JsonSplitter::skip_records_wrapper() {
  const std::string_view head = std::string_view(buffer_).substr(start_, wrapper_most);
  if (head.size() < wrapper_most && !ended_) return false;
  std::size_t i = 1;
  const auto skip = [&] {
    while (i < head.size() && is_space(head[i])) ++i;
  };
  skip();
  const auto rest = head.substr(i);
  if (!rest.starts_with("\"Records\"") && !rest.starts_with("\"records\"")) return true;
  i += 9;
  skip();
  if (i >= head.size() || head[i] != ':') return true;
  ++i;
  skip();
  if (i < head.size() && head[i] == '[') start_ += i + 1;
  return true;
}

// Moves start_ to the first byte of a document; false when there is none yet.
bool JsonSplitter::find_start() {
  for (int turn = 0; turn < 2; ++turn) {
    while (start_ < buffer_.size()) {
      const char c = buffer_[start_];
      const bool mark = c == ',' || c == '[' || c == ']' || c == '}';
      if (!is_space(c) && !mark && c != '\xEF' && c != '\xBB' && c != '\xBF') break;
      ++start_;
    }
    if (start_ >= buffer_.size()) return false;
    if (buffer_[start_] != '{') return true;
    const auto before = start_;
    if (!skip_records_wrapper()) return false;
    if (start_ == before) return true;
  }
  return start_ < buffer_.size();
}

// The last byte before a place outside of strings that is no space: a closing quote stands for its string.
char JsonSplitter::before(std::size_t at) const noexcept {
  while (at > start_ && is_space(buffer_[at - 1])) --at;
  return at > start_ ? buffer_[at - 1] : '\0';
}

// False when it cannot stand here.
bool JsonSplitter::open(std::size_t at) {
  // A brace is in place only as a value; after a key's colon, in an array, or first in one.
  if (!open_.empty()) {
    const bool in_array = open_.back() == '[';
    const char last = before(at);
    const bool fits = last == ':' || (in_array && (last == ',' || last == '['));
    if (!fits) return false;
  }
  if (open_.size() >= nesting_most) return false;
  open_ += buffer_[at];
  return true;
}

JsonSplitter::Step JsonSplitter::stop(Step step, std::size_t end, std::size_t more) noexcept {
  end_ = end;
  resume_ = end + more;
  return step;
}

// A bracket outside of strings, or the end of a line inside of one.
JsonSplitter::Step JsonSplitter::mark(std::size_t at) {
  const char c = buffer_[at];
  if (c == '\n') return stop(Step::broken, at, 1);
  if (c == '{' || c == '[') return open(at) ? Step::more : stop(Step::broken, at);
  open_.pop_back();
  return open_.empty() ? stop(Step::document, at + 1) : Step::more;
}

// The marks of a stretch at `at` one by one, as escapes are among them. `skipped`: what an escape stands before.
JsonSplitter::Step JsonSplitter::step_through(std::size_t at, std::uint64_t marks, std::size_t& skipped) {
  for (; marks != 0; marks &= marks - 1) {
    const auto place = at + static_cast<std::size_t>(std::countr_zero(marks));
    const char c = buffer_[place];
    if (c == '"') {
      if (!quoted_ || place != skipped) quoted_ = !quoted_;
    } else if (c == '\\') {
      if (quoted_ && place != skipped) skipped = place + 1;
    } else if (quoted_ == (c == '\n')) {
      if (const auto step = mark(place); step != Step::more) return step;
    }
  }
  return Step::more;
}

// Every byte of every document comes by: 64 at a time, and only what is a mark is looked at.
JsonSplitter::Step JsonSplitter::scan() {
  const char* const begin = buffer_.data();
  for (; at_ < buffer_.size(); at_ += scan::Stretch::size) {
    const scan::Stretch stretch(begin + at_, begin + buffer_.size());
    const auto quotes = stretch.marks([](auto block) { return block == '"'; });
    const auto escapes = stretch.marks([](auto block) { return block == '\\'; });
    const auto lines = stretch.marks([](auto block) { return block == '\n'; });
    // [ and {, ] and } differ in one bit.
    const auto brackets = stretch.marks([](auto block) { return ((block | 0x20) == '{') | ((block | 0x20) == '}'); });
    if (escapes != 0 || escaped_) {
      auto skipped = escaped_ ? at_ : npos;
      const auto step = step_through(at_, quotes | escapes | lines | brackets, skipped);
      if (step != Step::more) return step;
      escaped_ = skipped == std::min(at_ + scan::Stretch::size, buffer_.size());
      continue;
    }
    const auto inside = between(quotes) ^ (quoted_ ? ~std::uint64_t{0} : 0);
    for (auto marks = (brackets & ~inside) | (lines & inside); marks != 0; marks &= marks - 1) {
      const auto step = mark(at_ + static_cast<std::size_t>(std::countr_zero(marks)));
      if (step != Step::more) return step;
    }
    quoted_ = quoted_ != (std::popcount(quotes) % 2 != 0);
  }
  at_ = buffer_.size();
  return Step::more;
}

void JsonSplitter::give(RawDocument& document, std::size_t end, std::size_t resume, bool broken) {
  while (end > start_ && is_space(buffer_[end - 1])) --end;
  document = {std::string_view(buffer_).substr(start_, end - start_), base_ + start_, broken};
  start_ = at_ = resume;
  open_.clear();
  inside_ = quoted_ = escaped_ = false;
}

bool JsonSplitter::next(RawDocument& document) {
  if (!inside_) {
    if (!find_start()) return false;
    at_ = start_;
    if (buffer_[start_] != '{') {  // some other text: one line of it
      const auto newline = buffer_.find('\n', start_);
      if (newline == npos && buffer_.size() - start_ < garbage_most && !ended_) return false;
      const auto end = std::min(newline == npos ? buffer_.size() : newline, start_ + garbage_most);
      give(document, end, end, true);
      return true;
    }
    inside_ = true;
  }
  const auto step = scan();
  if (step == Step::more) {
    if (buffer_.size() - start_ <= document_most) return false;
    const auto newline = buffer_.find('\n', start_);
    const auto end = newline == npos ? buffer_.size() : newline;
    give(document, std::min(end, start_ + garbage_most), end, true);
    return true;
  }
  give(document, end_, resume_, step == Step::broken);
  return true;
}

bool JsonSplitter::last(RawDocument& document) {
  ended_ = true;
  if (next(document)) return true;
  if (start_ >= buffer_.size()) return false;
  // Cut off inside a document: its first line is broken, what follows may be whole.
  const auto newline = buffer_.find('\n', start_);
  const auto end = newline == npos ? buffer_.size() : newline;
  give(document, std::min(end, start_ + garbage_most), end, true);
  return !document.text.empty() || last(document);
}

}  // namespace tocsin::collectors
