#pragma once
// How long the message at the beginning of some bytes is and what it consists of; one function per protocol.

#include <array>
#include <cstdint>
#include <vector>

#include "collectors/packet/frame/frame.h"

namespace tocsin::collectors {

// What a protocol needs to remember of one direction between messages.
struct FrameMemory {
  std::uint8_t phase = 0;
  std::uint64_t left = 0;
};

struct FramePart {
  FrameKind kind = FrameKind::none;
  std::uint64_t begin = 0;
  std::uint64_t length = 0;
};

struct FrameMessage {
  static constexpr std::uint64_t until_end = ~std::uint64_t{0};
  std::uint64_t total = 0;            // 0: more bytes are needed to tell; until_end: as long as the stream is
  bool broken = false;                // no message: nothing can be cut from here on
  std::array<FramePart, 27> parts{};  // of NetBIOS, and of eight commands in one message
  std::size_t count = 0;

  void add(FrameKind kind, std::uint64_t begin, std::uint64_t length) {
    if (length != 0 && count < parts.size()) parts[count++] = {kind, begin, length};
  }
  static FrameMessage more() { return {}; }
  static FrameMessage none() {
    FrameMessage out;
    out.broken = true;
    return out;
  }
  // Passed over.
  static FrameMessage skip(std::uint64_t length) {
    FrameMessage out;
    out.total = length;
    return out;
  }
};

struct FrameInput {
  Direction direction;
  Bytes bytes;
  bool datagram;
  bool ended;  // nothing follows
  std::array<FrameMemory, 2>& memory;

  FrameMemory& mine() const { return memory[index(direction)]; }
};
using MeasureFrame = FrameMessage (*)(const FrameInput& input);
// Null: the protocol has no frames.
MeasureFrame frame_measure(Protocol protocol) noexcept;

// text.cpp
FrameMessage measure_http(const FrameInput& input);
FrameMessage measure_sip(const FrameInput& input);
FrameMessage measure_smtp(const FrameInput& input);
FrameMessage measure_telnet(const FrameInput& input);

}  // namespace tocsin::collectors
