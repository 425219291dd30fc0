#include "collectors/log/evtx/evtx_input.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/base/text.h"
#include "collectors/log/evtx/event_xml.h"

namespace tocsin::collectors {

EvtxInput::EvtxInput(EvtxChunkFile file, EvtxInputOptions options, std::shared_ptr<EvtxReaderProcess> reader,
                     std::shared_ptr<const DecoderSet> decoders, FieldNames& names)
    : file_(std::move(file)), options_(std::move(options)), reader_(std::move(reader)) {
  LineSource source{.name = options_.name,
                    .host = options_.host,
                    .default_host = {},
                    .clock = LineClock({}, 0),
                    .kind = LogKind::json,
                    .masking = options_.masking,
                    .exercise = options_.exercise};
  decoder_ = std::make_unique<LineDecoder>(std::move(decoders), names, std::move(source));
}

Result<EvtxInput> EvtxInput::open(OwnedDescriptor descriptor, EvtxInputOptions options,
                                  std::shared_ptr<EvtxReaderProcess> reader, std::shared_ptr<const DecoderSet> decoders,
                                  FieldNames& names) {
  TOCSIN_TRY(auto file, EvtxChunkFile::open(std::move(descriptor), options.name));
  return EvtxInput(std::move(file), std::move(options), std::move(reader), std::move(decoders), names);
}

void EvtxInput::trouble(std::string what) {
  if (troubles_.size() < troubles_most) troubles_.push_back(std::move(what));
}

// False at the end of the log.
Result<bool> EvtxInput::next_chunk() {
  if (chunk_ >= file_.chunks().size()) return false;
  const auto& chunk = file_.chunks()[chunk_++];
  ++counts_.chunks;
  if (auto read = file_.read(chunk, buffer_); !read) {
    trouble(fmt::format("chunk at byte {}: {}", chunk.offset, read.error().text()));
    return true;
  }
  TOCSIN_TRY(auto answer, reader_->read(buffer_));
  if (answer.failure) {
    ++counts_.failed;
    if (answer.failure->code == Code::timed_out) ++time_outs_;
    const bool enough = counts_.failed >= failures_most || time_outs_ >= time_outs_most;
    trouble(fmt::format("chunk at byte {}: {}; {} of its records were read{}", chunk.offset, answer.failure->text(),
                        answer.frames.size(), enough ? "; the rest of the file is left out" : ""));
    if (enough) chunk_ = file_.chunks().size();
  }
  choose(chunk, std::move(answer.frames));
  return true;
}

// What the chunk lists. Where it lists fewer than its header says that it has, those found beside them make up for it.
void EvtxInput::choose(const EvtxChunk& chunk, std::vector<EvtxFrame> frames) {
  std::unordered_set<std::uint64_t> listed;
  for (const auto& frame : frames)
    if (frame.kind == EvtxFrameKind::record && frame.origin == EvtxOrigin::listed) listed.insert(frame.record);
  for (auto& frame : frames) {
    if (frame.origin == EvtxOrigin::carved) {
      const bool missing = frame.kind == EvtxFrameKind::record && frame.record >= chunk.first_record &&
                           frame.record <= chunk.last_record && listed.insert(frame.record).second;
      if (!missing) {
        ++counts_.left_over;
        continue;
      }
      ++counts_.recovered;
    }
    if (frame.kind == EvtxFrameKind::broken) {
      ++counts_.broken;
      trouble(fmt::format("chunk at byte {}, record {}: {}", chunk.offset, frame.record, escape_terminal(frame.body)));
      continue;
    }
    pending_.push_back(std::move(frame));
  }
}

void EvtxInput::decode(const EvtxFrame& frame, EventBuilder& builder) {
  auto json = event_xml_to_json(frame.body);
  if (!json) {
    ++counts_.broken;
    trouble(fmt::format("record {}: {}", frame.record, json.error().text()));
    return;
  }
  const std::array<std::uint64_t, 2> seed{frame.record, hash64(options_.host)};
  const auto id = hash128(*json, hash64(Bytes(reinterpret_cast<const std::uint8_t*>(seed.data()), sizeof(seed))));
  ++counts_.records;
  if (!decoder_->decode(*json, id, options_.read_at, builder)) ++counts_.broken;
}

Result<bool> EvtxInput::next(EventBatch& batch) {
  EventBuilder builder(batch);
  while (EventBatch::most_events - batch.size() >= LineDecoder::events_most) {
    if (pending_.empty()) {
      TOCSIN_TRY(const bool more, next_chunk());
      if (!more) break;
      continue;
    }
    decode(pending_.front(), builder);
    pending_.pop_front();
  }
  return !batch.empty();
}

EvtxInputCounts EvtxInput::counts() const noexcept {
  auto counts = counts_;
  counts.masked = decoder_->masked();
  return counts;
}

}  // namespace tocsin::collectors
