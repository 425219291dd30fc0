#include "collectors/log/evtx/protocol.h"

namespace tocsin::collectors {

namespace {

template <class Number>
void append_little(std::string& out, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    out += static_cast<char>(static_cast<std::uint8_t>((value >> (8 * i)) & 0xFFU));
}

}  // namespace

std::string encode_evtx_request(Bytes chunk) {
  std::string out;
  out.reserve(evtx_request_header + chunk.size());
  append_little(out, evtx_request_magic);
  append_little(out, static_cast<std::uint32_t>(chunk.size()));
  out += as_text(chunk);
  return out;
}

std::optional<std::size_t> evtx_request_size(Bytes header) noexcept {
  ByteReader in(header);
  const auto magic = in.u32_little();
  const auto size = in.u32_little();
  if (!in.ok() || magic != evtx_request_magic || size > evtx_chunk_bytes) return std::nullopt;
  return size;
}

std::string encode_evtx_frame(const EvtxFrame& frame) {
  std::string out;
  out.reserve(evtx_frame_header + frame.body.size());
  append_little(out, static_cast<std::uint8_t>(frame.kind));
  append_little(out, static_cast<std::uint8_t>(frame.origin));
  append_little(out, std::uint16_t{0});
  append_little(out, static_cast<std::uint32_t>(frame.body.size()));
  append_little(out, frame.record);
  return out + frame.body;
}

EvtxFrameReader::State EvtxFrameReader::feed(Bytes bytes, std::vector<EvtxFrame>& out) {
  if (state_ == State::broken || (state_ == State::done && !bytes.empty())) return state_ = State::broken;
  buffer_ += as_text(bytes);
  while (state_ == State::more) {
    const auto before = buffer_.size();
    state_ = step(out);
    if (buffer_.size() == before) break;
  }
  if (state_ == State::done && !buffer_.empty()) state_ = State::broken;
  return state_;
}

EvtxFrameReader::State EvtxFrameReader::step(std::vector<EvtxFrame>& out) {
  if (buffer_.size() < evtx_frame_header) return State::more;
  ByteReader in(as_bytes(buffer_));
  const auto kind = in.u8();
  const auto origin = in.u8();
  in.skip(2);
  const std::size_t size = in.u32_little();
  const auto record = in.u64_little();
  if (kind < static_cast<std::uint8_t>(EvtxFrameKind::record) ||
      kind > static_cast<std::uint8_t>(EvtxFrameKind::done) || origin > static_cast<std::uint8_t>(EvtxOrigin::carved) ||
      size > evtx_record_most)
    return State::broken;
  if (buffer_.size() - evtx_frame_header < size) return State::more;
  bytes_ += size;
  if (++frames_ > evtx_frames_most || bytes_ > evtx_answer_most) return State::broken;
  EvtxFrame frame{.kind = static_cast<EvtxFrameKind>(kind),
                  .origin = static_cast<EvtxOrigin>(origin),
                  .record = record,
                  .body = buffer_.substr(evtx_frame_header, size)};
  buffer_.erase(0, evtx_frame_header + size);
  if (frame.kind == EvtxFrameKind::done) return State::done;
  out.push_back(std::move(frame));
  return State::more;
}

}  // namespace tocsin::collectors
