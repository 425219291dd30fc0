// rooms: log
// What the confined reader of event logs may say: frames in any pieces, and in them records as XML. Every JSON made of
// one is read back whole.
#include <cstdlib>

#include "collectors/log/evtx/event_xml.h"
#include "collectors/log/evtx/protocol.h"
#include "collectors/log/json/flatten.h"

using namespace tocsin;
using namespace tocsin::collectors;

static std::string read(Bytes bytes, std::size_t piece, std::vector<EvtxFrame>& frames) {
  EvtxFrameReader reader;
  auto state = EvtxFrameReader::State::more;
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    state = reader.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)), frames);
  std::string out = std::to_string(static_cast<int>(state));
  for (const auto& frame : frames) out += encode_evtx_frame(frame);
  return out;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  std::vector<EvtxFrame> frames, others;
  const auto whole = read(bytes, size + 1, frames);
  if (size < 4096 && read(bytes, 5, others) != whole) std::abort();
  (void)evtx_request_size(bytes);
  frames.push_back({EvtxFrameKind::record, EvtxOrigin::listed, 0, std::string(as_text(bytes))});
  FieldNames names;
  DynamicFields fields(names);
  JsonFlattener flattener;
  const KeyMap keys;
  for (const auto& frame : frames) {
    const auto json = event_xml_to_json(frame.body);
    if (!json) continue;
    EventBatch batch;
    EventBuilder builder(batch);
    LineClock clock;
    LineContext line{builder, fields, clock, Time{}, std::nullopt};
    if (!flattener.flatten(line, keys, *json)) std::abort();
  }
  return 0;
}
