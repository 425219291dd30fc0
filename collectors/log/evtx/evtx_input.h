#pragma once
// Reading a Windows event log (EVTX) from its start to its end, as LogInput reads text: chunk by chunk through the
// confined reader, each record as XML, then as the JSON that exporters write, then through the decoders: EVTX and its
// export give the same events. One owner, one thread.
//
// Event ids depend on the record and the host only: the same log under two names, or exported twice, gives the same
// ids.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/log/evtx/chunk_file.h"
#include "collectors/log/evtx/reader_process.h"
#include "collectors/log/line/line_decoder.h"

namespace tocsin::collectors {

struct EvtxInputOptions {
  std::string name;  // "file:Security.evtx"
  std::string host;  // of every event; empty: the computer that the records name
  Time read_at{};    // ingested time; zero: events' own time
  Masking masking = Masking::on;
  Exercise exercise = Exercise::no;
};

struct EvtxInputCounts {
  std::uint64_t chunks = 0;
  std::uint64_t records = 0;    // that became events
  std::uint64_t recovered = 0;  // of these: found in what a damaged chunk still holds
  std::uint64_t left_over = 0;  // older records in free space, not read
  std::uint64_t broken = 0;     // that could not be rendered
  std::uint64_t failed = 0;     // chunks that ended their reader
  std::uint64_t masked = 0;
};

class EvtxInput {
 public:
  // Each with its place; more are counted only.
  static constexpr std::size_t troubles_most = 8;
  // A file whose chunks end so many readers is given up.
  static constexpr std::uint64_t failures_most = 32;
  static constexpr std::uint64_t time_outs_most = 3;

  // `reader` may be shared with other inputs of the same thread. invalid: the content is no EVTX.
  static Result<EvtxInput> open(OwnedDescriptor descriptor, EvtxInputOptions options,
                                std::shared_ptr<EvtxReaderProcess> reader, std::shared_ptr<const DecoderSet> decoders,
                                FieldNames& names);

  // Adds events until the batch is nearly full or the log ends. False: it has ended and nothing was added. Records that
  // cannot be read are troubles, not errors; the error is that no reader can be started.
  Result<bool> next(EventBatch& batch);
  EvtxInputCounts counts() const noexcept;
  const std::vector<std::string>& troubles() const noexcept { return troubles_; }
  const EvtxChunkFile& file() const noexcept { return file_; }

 private:
  EvtxInput(EvtxChunkFile file, EvtxInputOptions options, std::shared_ptr<EvtxReaderProcess> reader,
            std::shared_ptr<const DecoderSet> decoders, FieldNames& names);
  Result<bool> next_chunk();
  void choose(const EvtxChunk& chunk, std::vector<EvtxFrame> frames);
  void decode(const EvtxFrame& frame, EventBuilder& builder);
  void trouble(std::string what);

  EvtxChunkFile file_;
  EvtxInputOptions options_;
  std::shared_ptr<EvtxReaderProcess> reader_;
  std::unique_ptr<LineDecoder> decoder_;
  std::vector<std::uint8_t> buffer_;
  std::deque<EvtxFrame> pending_;
  std::size_t chunk_ = 0;
  std::uint64_t time_outs_ = 0;
  EvtxInputCounts counts_;
  std::vector<std::string> troubles_;
};

}  // namespace tocsin::collectors
