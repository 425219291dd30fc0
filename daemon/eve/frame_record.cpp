// Frames, in records of their own and in those of alerts.
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-frame
#include <algorithm>

#include "collectors/base/base64.h"
#include "daemon/eve/frame_record.h"
#include "daemon/eve/observer.h"

namespace tocsin::daemon {

using collectors::Direction;
using collectors::Frame;

void append_frame(JsonWriter& json, const Frame& frame) {
  static constexpr std::size_t payload_most = 4'095;
  const auto payload = frame.bytes.first(std::min(frame.bytes.size(), payload_most));
  json.key("frame").begin_object();
  json.member("type", collectors::frame_row(frame.kind).name).member("id", frame.number);
  json.member("direction", frame.direction == Direction::to_server ? "toserver" : "toclient");
  if (!frame.datagram) json.member("stream_offset", frame.offset);
  json.member("length", frame.length).member("complete", frame.complete);
  json.member("payload", to_base64(as_text(payload))).member("payload_printable", printable_payload(payload));
  json.end_object();
}

class EveObserver::FrameWriter final : public collectors::FrameSink {
 public:
  FrameWriter(EveObserver& observer, const EveOrigin& origin) : observer_(observer), origin_(origin) {}
  void frame(const Frame& frame) override {
    origin_.ends = frame.direction == Direction::to_server ? EveEnds::client : EveEnds::server;
    observer_.write("frame", origin_, [&](JsonWriter& json) {
      append_protocol(json, *origin_.flow);
      append_frame(json, frame);
    });
  }

 private:
  EveObserver& observer_;
  EveOrigin origin_;
};

void EveObserver::write_frames(collectors::Flow& flow, const collectors::Packet* packet) {
  auto& frames = notes_of(flow).frames;
  FrameWriter writer(*this, {packet, &flow, EveEnds::packet});
  if (packet != nullptr && packet->is_udp() && !packet->payload.empty()) {
    if (!frames) frames = std::make_unique<collectors::FrameCutter>();
    frames->datagram(flow, packet->direction, packet->payload, writer);
  }
  if (frames) frames->cut(flow, writer);
}

}  // namespace tocsin::daemon
