#pragma once
// Writing pcapng (draft-ietf-opsawg-pcapng), little endian, times in nanoseconds: one section with comments that say
// what the capture is, and several such sections merged into one in the order of time.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::collectors {

class PcapngWriter {
 public:
  // `comment` is of the whole section; texts are cut at 64 KiB, as the format wants.
  explicit PcapngWriter(std::string_view comment);
  // The number to give to packet().
  std::uint32_t interface(std::uint32_t link_type, std::string_view name, std::string_view description);
  void packet(std::uint32_t interface, Time time, std::uint32_t wire_length, Bytes bytes,
              std::string_view comment = {});
  std::size_t size() const noexcept { return out_.size(); }
  std::vector<std::uint8_t> take() { return std::exchange(out_, {}); }

 private:
  std::vector<std::uint8_t> out_;
  std::uint32_t interfaces_ = 0;
};

struct MergedCapture {
  std::vector<std::uint8_t> bytes;
  std::uint64_t packets = 0;
  std::uint64_t repeated = 0;  // the same packet in two of them, written once
  std::size_t damaged = 0;     // sections that end in the middle, or are none: taken as far as they go
};
// Sections as PcapngWriter makes them; each packet keeps its interface, with all that is said of it.
MergedCapture merge_captures(std::span<const Bytes> sections, std::string_view comment);

}  // namespace tocsin::collectors
