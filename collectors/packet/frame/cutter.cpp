#include "collectors/packet/frame/cutter.h"

#include <algorithm>

#include "collectors/base/release.h"

namespace tocsin::collectors {

void FrameCutter::add(const StreamChunk& chunk) {
  Side& side = sides_[index(chunk.direction)];
  side.ended = side.ended || chunk.end;
  if (side.over) return;
  if (chunk.gap != 0) {
    const auto passed = std::min(side.skip, chunk.gap);
    side.skip -= passed;
    if (passed < chunk.gap) {
      // One loss inside of a message is bridged once it is known how long that is.
      side.over = side.lost != 0 || side.bytes.empty();
      side.lost = chunk.gap;
      if (side.over) {
        release_memory(side.bytes);
        release_memory(side.behind);
        return;
      }
    }
  }
  if (side.lost != 0) {
    if (side.behind.size() < frame_most) side.behind.insert(side.behind.end(), chunk.bytes.begin(), chunk.bytes.end());
    return;
  }
  Bytes bytes = chunk.bytes;
  std::uint64_t offset = chunk.offset;
  const auto passed = std::min<std::uint64_t>(side.skip, bytes.size());
  side.skip -= passed;
  offset += passed;
  bytes = bytes.subspan(static_cast<std::size_t>(passed));
  if (side.bytes.empty()) side.base = offset;
  side.bytes.insert(side.bytes.end(), bytes.begin(), bytes.end());
}

void FrameCutter::cut(const Flow& flow, FrameSink& sink) {
  const auto measure = frame_measure(flow.protocol);
  for (const auto direction : {Direction::to_server, Direction::to_client}) {
    Side& side = sides_[index(direction)];
    if (side.over || side.bytes.empty()) continue;
    if (measure == nullptr) {
      const bool open = flow.protocol == Protocol::unknown && side.bytes.size() <= frame_most;
      if (open) continue;
      side.over = true;
      release_memory(side.bytes);
      continue;
    }
    std::size_t done = 0;
    do {
      while (!side.over && done < side.bytes.size()) {
        const auto used = cut_one(measure, direction, Bytes(side.bytes).subspan(done), sink);
        if (used == 0) break;
        side.base += used;
        done += used;
      }
      side.bytes.erase(side.bytes.begin(), side.bytes.begin() + static_cast<std::ptrdiff_t>(done));
      done = 0;
    } while (!side.over && side.lost != 0 && bridge(measure, direction, sink));
    if (side.over) {
      release_memory(side.bytes);
      release_memory(side.behind);
    }
  }
}

// The message that the loss is in ends here, as far as it came; what stands behind it goes on.
bool FrameCutter::bridge(MeasureFrame measure, Direction direction, FrameSink& sink) {
  Side& side = sides_[index(direction)];
  const auto message = measure({direction, side.bytes, false, side.ended, memory_});
  const auto have = side.bytes.size();
  const bool inside = !message.broken && message.total != FrameMessage::until_end && message.total >= have + side.lost;
  if (!inside || have == 0) {
    side.over = true;
    return false;
  }
  emit(message, message.total, direction, side.bytes, side.base, false, sink);
  side.skip = message.total - have - side.lost;
  const auto passed = std::min<std::uint64_t>(side.skip, side.behind.size());
  side.skip -= passed;
  side.base += have + side.lost + passed;
  side.lost = 0;
  side.behind.erase(side.behind.begin(), side.behind.begin() + static_cast<std::ptrdiff_t>(passed));
  side.bytes = std::move(side.behind);
  side.behind = {};
  return !side.bytes.empty();
}

std::size_t FrameCutter::cut_one(MeasureFrame measure, Direction direction, Bytes bytes, FrameSink& sink) {
  Side& side = sides_[index(direction)];
  const auto message = measure({direction, bytes, false, side.ended, memory_});
  const bool full = bytes.size() >= frame_most;
  if (message.broken || (message.total == 0 && (full || side.ended))) {
    side.over = true;
    return 0;
  }
  if (message.total == 0) return 0;
  const bool open = message.total == FrameMessage::until_end;
  if (open || message.total > bytes.size()) {
    if (!full && !side.ended) return 0;
    emit(message, open ? bytes.size() : message.total, direction, bytes, side.base, false, sink);
    if (open) side.over = true;
    else side.skip = message.total - bytes.size();
    return bytes.size();
  }
  emit(message, message.total, direction, bytes, side.base, false, sink);
  return static_cast<std::size_t>(message.total);
}

void FrameCutter::emit(const FrameMessage& message, std::uint64_t total, Direction direction, Bytes bytes,
                       std::uint64_t base, bool datagram, FrameSink& sink) {
  for (std::size_t i = 0; i < message.count; ++i) {
    const auto& part = message.parts[i];
    const auto length = part.length == FrameMessage::until_end ? total : part.length;
    if (part.begin >= bytes.size()) continue;
    const auto have = std::min<std::uint64_t>(length, bytes.size() - part.begin);
    Frame frame;
    frame.kind = part.kind;
    frame.direction = direction;
    frame.number = frames_++;
    frame.offset = datagram ? 0 : base + part.begin;
    frame.length = length;
    frame.complete = have == length;
    frame.datagram = datagram;
    frame.bytes = bytes.subspan(static_cast<std::size_t>(part.begin), static_cast<std::size_t>(have));
    sink.frame(frame);
  }
}

void FrameCutter::datagram(const Flow& flow, Direction direction, Bytes bytes, FrameSink& sink) {
  static constexpr std::size_t messages_most = 64;
  const auto measure = frame_measure(flow.protocol);
  for (std::size_t i = 0; measure != nullptr && !bytes.empty() && i < messages_most; ++i) {
    const auto message = measure({direction, bytes, true, true, memory_});
    if (message.broken || message.total == 0) return;
    emit(message, message.total, direction, bytes, 0, true, sink);
    if (message.total >= bytes.size()) return;
    bytes = bytes.subspan(static_cast<std::size_t>(message.total));
  }
}

}  // namespace tocsin::collectors
