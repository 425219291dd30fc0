#pragma once
// What goes between a program that reads EVTX files and the confined process that takes their chunks apart
// (tocsin-evtx). Little-endian, pure; any thread. The other side is never trusted: lengths and numbers are capped.
//
//   request   magic u32 | size u32 | that many bytes: one chunk
//   answer    frames: kind u8 | origin u8 | 0 u16 | size u32 | record u64 | that many bytes
//             the last one is `done`
// EVTX: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

inline constexpr std::size_t evtx_chunk_bytes = 64 * 1024;
inline constexpr std::uint32_t evtx_request_magic = 0x43585645;  // "EVXC"
inline constexpr std::size_t evtx_request_header = 8;
inline constexpr std::size_t evtx_frame_header = 16;
inline constexpr std::size_t evtx_record_most = 2 * 1024 * 1024;   // a record as XML
inline constexpr std::size_t evtx_answer_most = 64 * 1024 * 1024;  // all of a chunk's
inline constexpr std::size_t evtx_frames_most = 4096;              // a record has at least 24 bytes

enum class EvtxFrameKind : std::uint8_t { record = 1, broken, done };
// Where a record stood: where the chunk says that its records are, or left over in its free space.
enum class EvtxOrigin : std::uint8_t { listed, carved };

struct EvtxFrame {
  EvtxFrameKind kind = EvtxFrameKind::done;
  EvtxOrigin origin = EvtxOrigin::listed;
  std::uint64_t record = 0;  // EventRecordID; of `broken`: the place in the chunk, counted from 0
  std::string body;          // XML; why the record is broken
};

std::string encode_evtx_request(Bytes chunk);
// Nothing when the header is none or promises more than a chunk.
std::optional<std::size_t> evtx_request_size(Bytes header) noexcept;
std::string encode_evtx_frame(const EvtxFrame& frame);

// Frames out of an answer that arrives in pieces.
class EvtxFrameReader {
 public:
  enum class State : std::uint8_t { more, done, broken };

  // Appends whole frames, without the one that says `done`. After `broken` (an unknown kind, too many, too long, bytes
  // behind the end) nothing more is read.
  State feed(Bytes bytes, std::vector<EvtxFrame>& out);

 private:
  State step(std::vector<EvtxFrame>& out);

  std::string buffer_;
  std::size_t frames_ = 0;
  std::size_t bytes_ = 0;
  State state_ = State::more;
};

}  // namespace tocsin::collectors
