// Readers that misbehave are shell scripts in the place of tocsin-evtx; the real one is tested by
// tests/scenario/evtx_test.py.
#include "collectors/log/evtx/evtx_input.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "collectors/event/field_table.h"

namespace tocsin::collectors {
namespace {

namespace fs = std::filesystem;

void put(std::string& out, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) out[at + i] = static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::string chunk(std::uint64_t first, std::uint64_t last) {
  std::string out(evtx_chunk_bytes, '\0');
  out.replace(0, 7, "ElfChnk");
  put(out, 24, first);
  put(out, 32, last);
  return out;
}

std::string header(bool dirty = false) {
  std::string out(4096, '\0');
  out.replace(0, 7, "ElfFile");
  out[120] = dirty ? 1 : 0;
  return out;
}

OwnedDescriptor file_of(std::string_view content) {
  OwnedDescriptor out(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(out.get(), as_bytes(content)));
  return out;
}

std::string event_xml(int number) {
  return fmt::format(
      "<Event><System><Provider Name=\"Test\"/><EventID>4625</EventID><EventRecordID>{}</EventRecordID>"
      "<TimeCreated SystemTime=\"2024-02-01T10:00:0{}Z\"/><Channel>Security</Channel>"
      "<Computer>pc1</Computer></System><EventData><Data Name=\"TargetUserName\">bob</Data>"
      "<Data Name=\"IpAddress\">203.0.113.9</Data></EventData></Event>",
      number, number % 10);
}

class Evtx : public testing::Test {
 protected:
  void SetUp() override {
    auto sources = read_decoder_directory(std::string(TOCSIN_SOURCE_DIR) + "/etc/decoders");
    ASSERT_TRUE(sources);
    Diagnostics diagnostics;
    decoders = compile_decoders(*sources, names, diagnostics);
    folder = fs::temp_directory_path() / fmt::format("tocsin-evtx-test-{}", ::getpid());
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  // A reader that takes one chunk and then does as `body` says, over and over.
  std::string script(const std::string& body) {
    const auto path = folder / "reader";
    std::ofstream(path) << "#!/bin/sh\nwhile [ \"$(head -c " << evtx_request_header + evtx_chunk_bytes
                        << " | wc -c)\" -ge 9 ]; do\n"
                        << body << "\ndone\n";
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }
  static std::string saying(const std::string& bytes) {
    std::string out = "printf '%b' '";
    for (const char c : bytes) out += fmt::format("\\0{:03o}", static_cast<unsigned>(static_cast<std::uint8_t>(c)));
    return out + "' >&0";
  }
  static std::string saying(const std::vector<EvtxFrame>& frames) {
    std::string bytes;
    for (const auto& frame : frames) bytes += encode_evtx_frame(frame);
    return saying(bytes + encode_evtx_frame({}));
  }

  // Numbers of events; troubles and counts are kept.
  std::size_t read(const std::string& program, std::string_view content, std::string host = {}) {
    events.clear();
    troubles.clear();
    error.clear();
    auto reader = std::make_shared<EvtxReaderProcess>(
        EvtxReaderOptions{.program = program, .patience = std::chrono::milliseconds(200), .chunks_most = 2});
    auto input =
        EvtxInput::open(file_of(content), {.name = "file:test.evtx", .host = std::move(host)}, reader, decoders, names);
    if (!input) {
      error = input.error().text();
      return 0;
    }
    for (;;) {
      EventBatch batch;
      const auto more = input->next(batch);
      if (!more) error = more.error().text();
      if (!more || !*more) break;
      for (const auto& event : batch.events()) {
        ids.push_back(event.header().id);
        const auto* user = event.find(field::user_name);
        events.push_back(std::string(event.header().host) + " " + std::string(event.header().dataset) + " " +
                         (user == nullptr ? "-" : render_text(*user)));
      }
    }
    counts = input->counts();
    troubles = input->troubles();
    started = reader->started();
    return events.size();
  }

  FieldNames names;
  std::shared_ptr<const DecoderSet> decoders;
  fs::path folder;
  std::vector<std::string> events, troubles;
  std::vector<Digest128> ids;
  EvtxInputCounts counts;
  std::string error;
  std::uint64_t started = 0;
};

TEST_F(Evtx, records_become_the_events_that_their_export_gives) {
  const auto program = script(saying({{EvtxFrameKind::record, EvtxOrigin::listed, 1, event_xml(1)},
                                      {EvtxFrameKind::record, EvtxOrigin::carved, 900, event_xml(2)}}));
  ASSERT_EQ(read(program, header() + chunk(1, 1)), 1U) << error;
  EXPECT_EQ(events[0], "pc1 windows bob");
  EXPECT_EQ(counts.left_over, 1U);
  EXPECT_TRUE(troubles.empty());
  // The same record of another copy is the same event; of another host another.
  ASSERT_EQ(read(program, header(true) + chunk(1, 1)), 1U);
  ASSERT_EQ(read(program, header() + chunk(1, 1), "pc2"), 1U);
  EXPECT_EQ(events[0], "pc2 windows bob");
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_NE(ids[0], ids[2]);
}

TEST_F(Evtx, a_damaged_chunk_gives_what_it_still_holds) {
  const auto program = script(saying({{EvtxFrameKind::record, EvtxOrigin::listed, 1, event_xml(1)},
                                      {EvtxFrameKind::broken, EvtxOrigin::listed, 1, "bad \x1b[31m template"},
                                      {EvtxFrameKind::record, EvtxOrigin::carved, 1, event_xml(1)},
                                      {EvtxFrameKind::record, EvtxOrigin::carved, 2, event_xml(2)},
                                      {EvtxFrameKind::record, EvtxOrigin::listed, 3, "<Event>no end"}}));
  EXPECT_EQ(read(program, header() + chunk(1, 3)), 2U);
  EXPECT_EQ(counts.recovered, 1U);
  EXPECT_EQ(counts.broken, 2U);
  ASSERT_EQ(troubles.size(), 2U);
  EXPECT_NE(troubles[0].find("chunk at byte 4096, record 1: bad"), std::string::npos) << troubles[0];
  EXPECT_EQ(troubles[0].find('\x1b'), std::string::npos);
}

TEST_F(Evtx, a_crash_costs_its_chunk_only) {
  // The reader dies at each chunk, after one whole record.
  const auto record = encode_evtx_frame({EvtxFrameKind::record, EvtxOrigin::listed, 1, event_xml(1)});
  const auto program = script(saying(record) + "; kill -SEGV $$");
  EXPECT_EQ(read(program, header() + chunk(1, 1) + chunk(2, 2)), 2U);
  EXPECT_EQ(counts.failed, 2U);
  EXPECT_EQ(started, 2U);
  ASSERT_EQ(troubles.size(), 2U);
  EXPECT_NE(troubles[0].find("signal 11, SIGSEGV"), std::string::npos) << troubles[0];
  EXPECT_NE(troubles[1].find("chunk at byte 69632"), std::string::npos) << troubles[1];
}

TEST_F(Evtx, one_that_hangs_or_talks_nonsense_is_stopped) {
  const std::string four = header() + chunk(1, 1) + chunk(2, 2) + chunk(3, 3) + chunk(4, 4);
  EXPECT_EQ(read("/bin/cat", four), 0U);  // takes all and never answers
  EXPECT_EQ(counts.failed, EvtxInput::time_outs_most);
  ASSERT_FALSE(troubles.empty());
  EXPECT_NE(troubles[0].find("longer than 200 ms"), std::string::npos) << troubles[0];
  EXPECT_NE(troubles.back().find("the rest of the file is left out"), std::string::npos);
  EXPECT_EQ(read(script(saying(std::string(64, 'x'))), four), 0U);
  EXPECT_NE(troubles.at(0).find("nonsense"), std::string::npos);
  EXPECT_EQ(read(script("exit 12"), four), 0U);
  EXPECT_NE(troubles.at(0).find("more memory"), std::string::npos);
}

TEST_F(Evtx, readers_are_renewed_and_a_missing_one_is_an_error) {
  const auto program = script(saying({{EvtxFrameKind::record, EvtxOrigin::listed, 1, event_xml(1)}}));
  std::string content = header();
  for (std::uint64_t i = 1; i <= 5; ++i) content += chunk(i, i);
  EXPECT_EQ(read(program, content), 5U);
  EXPECT_EQ(started, 3U);  // two chunks each
  EXPECT_EQ(read((folder / "absent").string(), content), 0U);
  EXPECT_NE(error.find("cannot start"), std::string::npos) << error;
}

TEST_F(Evtx, chunks_are_found_without_a_good_header_and_read_in_order) {
  const auto open = [](const std::string& content) { return EvtxChunkFile::open(file_of(content), "x"); };
  auto file = open(header(true) + chunk(50, 60) + chunk(1, 20) + std::string(evtx_chunk_bytes, 'z') +
                   std::string(evtx_chunk_bytes, '\0') + chunk(21, 49).substr(0, 5000));
  ASSERT_TRUE(file);
  ASSERT_EQ(file->chunks().size(), 3U);
  EXPECT_EQ(file->chunks()[0].first_record, 1U);
  EXPECT_EQ(file->chunks()[2].offset, 4096U);
  EXPECT_EQ(file->damaged(), 1U);
  EXPECT_TRUE(file->dirty());
  EXPECT_TRUE(file->cut());
  std::vector<std::uint8_t> bytes;
  ASSERT_TRUE(file->read(file->chunks()[1], bytes));
  EXPECT_EQ(bytes.size(), evtx_chunk_bytes);
  EXPECT_EQ(open(chunk(1, 2))->chunks().size(), 1U);  // carved
  EXPECT_TRUE(open(header())->chunks().empty());
  EXPECT_TRUE(open(header().substr(0, 9))->chunks().empty());
  EXPECT_FALSE(open(""));
  EXPECT_FALSE(open("ElfFi"));
  EXPECT_FALSE(open("<Event/>"));
  EXPECT_TRUE(is_evtx(as_bytes(header())));
}

}  // namespace
}  // namespace tocsin::collectors
