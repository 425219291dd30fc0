#pragma once
// Cuts one conversation into frames, for whoever asks for them; nobody pays otherwise. Used on the flow's worker. A
// message is cut when all of it is there, or as much as is kept of one (frame_most).

#include <array>
#include <vector>

#include "collectors/packet/frame/message.h"
#include "collectors/packet/observer.h"

namespace tocsin::collectors {

class FrameCutter {
 public:
  static constexpr std::size_t frame_most = 128U << 10;

  // Bytes are kept until cut() is called and the flow's protocol is known.
  void add(const StreamChunk& chunk);
  void cut(const Flow& flow, FrameSink& sink);
  // A whole datagram at once.
  void datagram(const Flow& flow, Direction direction, Bytes bytes, FrameSink& sink);

 private:
  struct Side {
    std::vector<std::uint8_t> bytes;
    std::uint64_t base = 0;            // stream offset of bytes[0]
    std::uint64_t lost = 0;            // missing behind `bytes`
    std::vector<std::uint8_t> behind;  // what came after that
    std::uint64_t skip = 0;            // still to come of a message that was cut already
    bool ended = false;
    bool over = false;  // nothing is cut any more: bytes were lost, or are no messages
  };
  // Bytes used; 0: wait for more.
  std::size_t cut_one(MeasureFrame measure, Direction direction, Bytes bytes, FrameSink& sink);
  bool bridge(MeasureFrame measure, Direction direction, FrameSink& sink);
  void emit(const FrameMessage& message, std::uint64_t total, Direction direction, Bytes bytes, std::uint64_t base,
            bool datagram, FrameSink& sink);

  std::array<Side, 2> sides_;
  std::array<FrameMemory, 2> memory_{};
  std::uint64_t frames_ = 0;
};

}  // namespace tocsin::collectors
