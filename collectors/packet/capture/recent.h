#pragma once
// The latest frames of one worker, in memory, so that an alert can show what came before it. One block of memory taken
// once and written round and round: a frame costs one copy, no allocation and no lock. Frames of a flow are chained
// backwards; a chain ends where its frames were overwritten. One thread.

#include <cstdint>
#include <memory>
#include <optional>

#include "collectors/packet/capture/frame.h"

namespace tocsin::collectors {

class RecentFrames {
 public:
  static constexpr std::size_t bytes_least = 64U << 10;
  static constexpr std::size_t bytes_most = std::size_t{4} << 30;

  struct Frame {
    Time time{};
    std::uint64_t number = 0;
    std::uint64_t previous = 0;  // position of the chain's frame before this one; 0: none
    std::uint32_t link_type = 0;
    std::uint32_t wire_length = 0;  // as the bytes here: a tag that the card took off is in again
    Bytes bytes;                    // valid until the next push or link
  };

  // `bytes` is brought into range.
  explicit RecentFrames(std::size_t bytes);

  // Keeps a copy; where it is, never 0. A frame larger than an eighth of the memory is cut there.
  std::uint64_t push(const RawFrame& frame);
  // Puts the frame at `frame` at the end of the chain that ends at `previous`: the chain's new end. A frame may be in
  // several chains (what a tunnel carries); 0 when the frame is gone.
  std::uint64_t link(std::uint64_t frame, std::uint64_t previous);
  // Nothing when it was overwritten.
  std::optional<Frame> at(std::uint64_t position) const;

  // All frames in the order they came, the newest first: 0 when there is none, or it was overwritten.
  std::uint64_t newest() const noexcept;
  std::uint64_t before(std::uint64_t position) const noexcept;

  std::size_t capacity() const noexcept { return capacity_; }

 private:
  struct Record;
  bool intact(std::uint64_t position) const noexcept;
  Record read(std::uint64_t position) const noexcept;
  std::uint64_t reserve(std::size_t size) noexcept;
  std::uint32_t behind(std::uint64_t position) noexcept;
  std::uint64_t frame_at_or_before(std::uint64_t position) const noexcept;
  std::uint8_t* place(std::uint64_t position) const noexcept { return memory_.get() + position % capacity_; }

  std::size_t capacity_;
  std::unique_ptr<std::uint8_t[]> memory_;
  std::uint64_t written_ = 8;  // total; positions count from here, and 0 is none
  std::uint64_t newest_ = 0;   // the record written last
};

}  // namespace tocsin::collectors
