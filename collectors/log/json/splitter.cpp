#include "collectors/log/json/splitter.h"

#include <algorithm>

#include "collectors/base/scan.h"

namespace tocsin::collectors {

namespace {
constexpr auto npos = std::string_view::npos;
constexpr std::size_t nesting_most = 256;
constexpr std::size_t wrapper_most = 64;
constexpr std::size_t garbage_most = 64 * 1024;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
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

bool JsonSplitter::open(char bracket, char before) {
  // A brace is in place only as a value; after a key's colon, in an array, or first in one.
  if (!open_.empty()) {
    const bool in_array = open_.back() == '[';
    const bool fits = before == ':' || (in_array && (before == ',' || before == '['));
    if (!fits) return false;
  }
  if (open_.size() >= nesting_most) return false;
  open_ += bracket;
  return true;
}

// What the loop changes is kept out of the object: every byte of every document comes by.
JsonSplitter::Step JsonSplitter::scan() {
  const char* const begin = buffer_.data();
  const char* const end = begin + buffer_.size();
  const char* at = begin + at_;
  char before = before_;
  bool quoted = quoted_;
  bool escaped = escaped_;
  const auto stop = [&](Step step, std::size_t more = 0) {
    end_ = static_cast<std::size_t>(at - begin) + (step == Step::document ? 1 : 0);
    resume_ = end_ + more;
    return step;
  };
  for (; at != end; ++at) {
    if (quoted) {
      if (!escaped) at = find_byte<'"', '\\', '\n'>(at, end);
      if (at == end) break;
      if (*at == '\n') return stop(Step::broken, 1);
      if (escaped) escaped = false;
      else if (*at == '\\') escaped = true;
      else if (*at == '"') quoted = false;
      continue;
    }
    const char c = *at;
    if (is_space(c)) continue;
    if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (!open(c, before)) return stop(Step::broken);
    } else if (c == '}' || c == ']') {
      open_.pop_back();
      if (open_.empty()) return stop(Step::document);
    }
    before = c;
  }
  at_ = buffer_.size();
  before_ = before;
  quoted_ = quoted;
  escaped_ = escaped;
  return Step::more;
}

void JsonSplitter::give(RawDocument& document, std::size_t end, std::size_t resume, bool broken) {
  while (end > start_ && is_space(buffer_[end - 1])) --end;
  document = {std::string_view(buffer_).substr(start_, end - start_), base_ + start_, broken};
  start_ = at_ = resume;
  open_.clear();
  inside_ = quoted_ = escaped_ = false;
  before_ = 0;
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
