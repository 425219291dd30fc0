// rooms: packet
// Bytes of a capture file (pcap, pcapng, gzip, zstd) through the whole packet floor, with everything switched on.

#include <cstdlib>

#include "collectors/packet/capture/file.h"
#include "collectors/packet/protocol/table.h"
#include "collectors/packet/worker.h"

using namespace tocsin;
using namespace tocsin::collectors;

namespace {

class Reader final : public Observer {
 public:
  void on_transaction(const TransactionUpdate& update) override {
    for (const auto rows : buffer_tables())
      for (const auto& row : rows)
        if (const auto found = update.transaction.buffer(row.buffer, update.direction, 0))
          for (const auto byte : *found) sum = sum + byte;
  }
  void on_stream(const StreamChunk& chunk) override {
    for (const auto byte : chunk.bytes) sum = sum + byte;
  }
  volatile std::uint64_t sum = 0;
};

class Drop final : public RecordSink {
 public:
  void on_records(EventBatch) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto file = CaptureFile::open(source_from_memory(Bytes(data, size)), 1U << 24);
  if (!file) return 0;
  static FieldNames names;
  PacketOptions options;
  options.decode.checksums = ChecksumMode::ignore;
  options.stream.midstream = true;
  Reader reader;
  Drop drop;
  PacketWorker worker(options, names, drop, {&reader});
  RawFrame frame;
  for (;;) {
    const auto more = file->next(frame);
    if (!more || !*more) break;
    worker.process(frame);
  }
  worker.finish();
  const auto& c = worker.counters();
  if (c.received != c.decoded + c.undecodable || c.flows != c.flows_ended || c.stream_memory != 0) std::abort();
  return 0;
}
