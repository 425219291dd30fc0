#pragma once
// Reads capture files: pcap (micro- and nanoseconds, both byte orders, draft-ietf-opsawg-pcap) and pcapng (mixed link
// types, both byte orders, if_tsresol and if_tsoffset; draft-ietf-opsawg-pcapng), plain, gzip or zstd. A damaged or cut
// tail ends the capture: all frames before it are given and `status()` says what happened. One owner, one thread.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collectors/base/byte_source.h"
#include "collectors/base/result.h"
#include "collectors/packet/capture/frame.h"

namespace tocsin::collectors {

// By content: at least the first 4 bytes of a file. True for pcap and pcapng; for compressed files call it on the
// inflated head (`inflating_source`).
bool is_capture(Bytes head) noexcept;

struct CaptureStatus {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;  // of frames as captured
  bool truncated = false;   // the last record is cut short or damaged
  std::string message;      // one sentence when truncated
};

class CaptureFile {
 public:
  static constexpr std::size_t frame_size_most = 256 * 1024;        // as libpcap
  static constexpr std::size_t block_size_most = 16 * 1024 * 1024;  // of pcapng
  static constexpr std::size_t interfaces_most = 65'536;

  static Result<CaptureFile> open(std::unique_ptr<ByteSource> source, std::uint64_t inflated_most = 1ULL << 40);

  // False at the end of the capture (look at status() then). The frame's bytes hold until the next call. Fails only
  // when reading itself fails (the disk, a descriptor).
  Result<bool> next(RawFrame& frame);
  const CaptureStatus& status() const noexcept { return status_; }

 private:
  struct Interface {
    std::uint32_t link_type = 0;
    std::uint32_t snap_length = 0;
    std::uint64_t ticks_per_second = 1'000'000;
    std::int64_t offset_seconds = 0;
  };
  enum class Format : std::uint8_t { pcap, pcapng };

  explicit CaptureFile(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  // At least `count` bytes from the current position on, or fewer at the end of the input.
  Result<Bytes> ahead(std::size_t count);
  void consume(std::size_t count) noexcept { start_ += count; }
  bool cut(std::string message);
  Result<bool> next_pcap(RawFrame& frame);
  Result<bool> next_block(RawFrame& frame, bool& found);
  bool read_interface(Bytes body);
  bool read_enhanced(Bytes body, RawFrame& frame);
  bool read_simple(Bytes body, RawFrame& frame);
  std::uint32_t number32(Bytes bytes, std::size_t at) const noexcept;
  std::uint16_t number16(Bytes bytes, std::size_t at) const noexcept;

  std::unique_ptr<ByteSource> source_;
  std::vector<std::uint8_t> buffer_;
  std::size_t start_ = 0;  // of what is not consumed yet
  std::size_t end_ = 0;
  std::size_t pending_ = 0;  // length of the record whose view was handed out
  bool exhausted_ = false;
  bool finished_ = false;
  Format format_ = Format::pcap;
  bool swapped_ = false;      // big endian input
  bool nanoseconds_ = false;  // pcap only
  std::uint32_t link_type_ = 0;
  std::vector<Interface> interfaces_;
  CaptureStatus status_;
};

}  // namespace tocsin::collectors
