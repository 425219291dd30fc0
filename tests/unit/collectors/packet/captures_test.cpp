// Replays every capture below the folder that TOCSIN_CAPTURES names; skipped without it. Meant for the sanitizer build.

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "collectors/packet/capture/file.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

// Touches every byte it is shown, so that a sanitizer sees views that do not hold.
class Toucher final : public Observer {
 public:
  void on_packet(const Packet& packet) override {
    for (const Bytes part : {packet.frame, packet.ip_header, packet.transport, packet.payload}) touch(part);
  }
  void on_stream(const StreamChunk& chunk) override {
    EXPECT_LE(chunk.gap, chunk.offset);
    touch(chunk.bytes);
  }
  void on_transaction(const TransactionUpdate& update) override {
    for (const auto rows : buffer_tables())
      for (const auto& row : rows)
        for (const auto direction : {Direction::to_server, Direction::to_client})
          for (std::uint32_t i = 0; i < 4; ++i)
            if (const auto found = update.transaction.buffer(row.buffer, direction, i)) touch(*found);
    auto& seen = notes_of(update.transaction).progress[index(update.direction)];
    const auto now = update.transaction.progress(update.direction);
    EXPECT_GE(now, seen);  // never backwards
    seen = now;
  }
  void on_file(const FileChunk& chunk) override {
    touch(as_bytes(chunk.name));
    touch(chunk.bytes);
  }
  std::uint64_t sum = 0;

 private:
  struct Notes final : FlowExtension {
    std::array<std::uint8_t, 2> progress{};
  };
  Notes& notes_of(Transaction& transaction) const {
    auto& place = transaction.extension[slot()];
    if (!place) place = std::make_unique<Notes>();
    return static_cast<Notes&>(*place);
  }
  void touch(Bytes bytes) {
    for (const auto byte : bytes) sum += byte;
  }
};

class Count final : public RecordSink {
 public:
  void on_records(EventBatch batch) override { records += batch.size(); }
  std::uint64_t records = 0;
};

struct Outcome {
  std::uint64_t sum = 0;
  std::uint64_t records = 0;
  PacketCounters counters;
};

Outcome replay(const std::filesystem::path& path, const PacketOptions& options) {
  Outcome outcome;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  auto file = CaptureFile::open(source_from_descriptor(descriptor, DescriptorOwner::source));
  if (!file) return outcome;
  FieldNames names;
  Toucher toucher;
  Count count;
  PacketWorker worker(options, names, count, {&toucher});
  RawFrame frame;
  for (;;) {
    const auto more = file->next(frame);
    if (!more || !*more) break;
    worker.process(frame);
  }
  worker.finish();
  outcome.sum = toucher.sum;
  outcome.records = count.records;
  outcome.counters = worker.counters();
  return outcome;
}

TEST(Captures, ReplayWithoutComplaint) {
  const char* folder = std::getenv("TOCSIN_CAPTURES");
  if (folder == nullptr) GTEST_SKIP() << "TOCSIN_CAPTURES names no folder";
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().filename().string().find(".pcap") != std::string::npos)
      paths.push_back(entry.path());
  std::ranges::sort(paths);
  PacketOptions plain;
  PacketOptions lenient;
  lenient.decode.checksums = ChecksumMode::ignore;
  lenient.stream.midstream = true;
  PacketCounters total;
  std::uint64_t records = 0;
  for (const auto& path : paths) {
    SCOPED_TRACE(path.string());
    for (const auto* options : {&plain, &lenient}) {
      const auto outcome = replay(path, *options);
      const auto& c = outcome.counters;
      EXPECT_EQ(c.received, c.decoded + c.undecodable);
      EXPECT_EQ(c.flows, c.flows_ended);
      EXPECT_EQ(c.flows_active, 0U);
      EXPECT_EQ(c.stream_memory, 0U);
      records += outcome.records;
      total.received += c.received;
      total.transactions += c.transactions;
      total.parser_failed += c.parser_failed;
      total.undecodable += c.undecodable;
    }
  }
  std::cout << paths.size() << " captures, " << total.received << " frames, " << total.undecodable << " undecodable, "
            << total.transactions << " transactions, " << total.parser_failed << " parsers gave up, " << records
            << " records\n";
  EXPECT_FALSE(paths.empty());
}

}  // namespace
}  // namespace tocsin::collectors::testing
