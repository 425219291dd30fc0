#pragma once
// Bytes → JSON objects: one per line, pretty-printed over many lines, one after the other, in an array, or in the
// "Records" array of a cloud export. What is broken is given back as such, line by line, and reading goes on behind it.
// Bounded by `document_most`. One owner.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tocsin::collectors {

struct RawDocument {
  std::string_view text;  // valid until the next feed()
  std::uint64_t offset = 0;
  bool broken = false;  // not an object: cut off, or other text
};

class JsonSplitter {
 public:
  static constexpr std::size_t document_most = 8 * 1024 * 1024;

  void feed(std::span<const std::uint8_t> bytes);
  bool next(RawDocument& document);
  // After the last feed(): what is left.
  bool last(RawDocument& document);

 private:
  enum class Step : std::uint8_t { more, document, broken };
  bool find_start();
  bool skip_records_wrapper();
  Step scan();
  Step step_through(std::size_t at, std::uint64_t marks, std::size_t& skipped);
  Step mark(std::size_t at);
  Step stop(Step step, std::size_t end, std::size_t more = 0) noexcept;
  bool open(std::size_t at);
  char before(std::size_t at) const noexcept;
  void give(RawDocument& document, std::size_t end, std::size_t resume, bool broken);

  std::string buffer_;
  std::size_t start_ = 0;  // of the document, or where to look for one
  std::size_t at_ = 0;     // scanned up to here
  std::size_t end_ = 0;    // where scan() ended a document or found it broken
  std::size_t resume_ = 0;
  std::uint64_t base_ = 0;  // offset of buffer_[0]
  std::string open_;        // brackets
  bool inside_ = false;
  bool quoted_ = false;
  bool escaped_ = false;
  bool ended_ = false;
};

}  // namespace tocsin::collectors
