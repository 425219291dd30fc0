#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include "collectors/event/field_table.h"
#include "daemon/store/segment/crc32c.h"
#include "daemon/store/segment/file.h"
#include "daemon/store/segment/search.h"
#include "daemon/store/segment/writer.h"
#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

using samples::at;

struct House {
  samples::Scratch scratch;
  FieldNames names;
  SegmentOptions options{.block_bytes = 4096, .segment_bytes = 16 * 1024};
  std::vector<SegmentRow> committed;
  std::unique_ptr<SegmentWriter> writer = open();

  std::unique_ptr<SegmentWriter> open() {
    auto opened = SegmentWriter::open(scratch.path(), options, committed);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().text());
    return opened ? std::move(*opened) : nullptr;
  }
  Result<void> append(std::int64_t i) {
    EventBatch batch;
    EventBuilder builder(batch);
    builder.set(field::source_ip, IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(i)));
    builder.set(field::user_name, "user" + std::to_string(i % 10));
    builder.set(field::file_hash_sha256, render_digest(sha256(as_bytes(std::to_string(i)))));
    EventHeader header;
    header.id = hash128(std::to_string(i));
    header.observed = at(i);
    header.host = i % 2 == 0 ? "web1" : "web2";
    return writer->append(builder.finish(header, "line " + std::to_string(i)), names);
  }
  void flush() {
    const auto rows = writer->flush();
    ASSERT_TRUE(rows) << rows.error().text();
    for (const auto& row : *rows) {
      std::erase_if(committed, [&](const SegmentRow& old) { return old.number == row.number; });
      committed.push_back(row);
    }
  }
  EventHits search(EventQuery query) {
    auto hits = search_events(scratch.path(), query);
    EXPECT_TRUE(hits);
    return hits.value_or(EventHits{});
  }
  std::size_t count() { return search({.limit = 100'000}).lines.size(); }
  std::filesystem::path last_file() { return list_segments(scratch.path(), "log").back().path; }
};

TEST(Crc32c, agrees_with_the_published_vectors) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(std::vector<std::uint8_t>(32, 0)), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::vector<std::uint8_t>(32, 0xFF)), 0x62A8AB43U);
  EXPECT_EQ(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))), 0xE3069283U);
}

TEST(Bloom, never_forgets_and_seldom_invents) {
  std::set<std::uint64_t> in;
  for (int i = 0; i < 1000; ++i) in.insert(hash64("in" + std::to_string(i)));
  const BloomFilter filter(in);
  for (const auto hash : in) EXPECT_TRUE(filter.may_contain(hash));
  int wrong = 0;
  for (int i = 0; i < 10'000; ++i) wrong += filter.may_contain(hash64("out" + std::to_string(i))) ? 1 : 0;
  EXPECT_LT(wrong, 300);
  EXPECT_FALSE(BloomFilter().may_contain(1));
  EXPECT_TRUE(BloomFilter::everything().may_contain(1));
  std::string bytes;
  filter.append_to(bytes);
  ByteReader reader(as_bytes(bytes));
  EXPECT_EQ(BloomFilter::read(reader).value(), filter);
  ByteReader cut(as_bytes(std::string_view(bytes).substr(0, 40)));
  EXPECT_FALSE(BloomFilter::read(cut));
}

TEST(Segment, events_are_found_by_key_time_and_text_and_the_rest_is_pruned) {
  House house;
  for (std::int64_t i = 0; i < 2000; ++i) ASSERT_TRUE(house.append(i));
  house.flush();
  ASSERT_GT(house.committed.size(), 4U);
  const auto by_address = house.search({.address = "10.0.1.1"});
  ASSERT_EQ(by_address.lines.size(), 1U);
  EXPECT_NE(by_address.lines[0].find("line 257"), std::string::npos);
  EXPECT_GT(by_address.pruned, by_address.segments / 2);
  EXPECT_EQ(house.search({.user = "user3", .limit = 1000}).lines.size(), 200U);
  EXPECT_EQ(house.search({.user = "user3", .host = "web1", .limit = 1000}).lines.size(), 0U);
  EXPECT_EQ(house.search({.hash = render_digest(sha256(as_bytes("77")))}).lines.size(), 1U);
  EXPECT_EQ(house.search({.text = "line 1999"}).lines.size(), 1U);
  EXPECT_EQ(house.search({.since = at(100), .until = at(110)}).lines.size(), 10U);
  const auto newest = house.search({.limit = 5});
  ASSERT_EQ(newest.lines.size(), 5U);
  EXPECT_TRUE(newest.more);
  EXPECT_LT(newest.blocks, 5U);
  EXPECT_NE(newest.lines[0].find("line 1999"), std::string::npos);
  const auto oldest = house.search({.newest_first = false, .limit = 5});
  EXPECT_NE(oldest.lines[0].find("line 0\""), std::string::npos);
  EXPECT_NE(oldest.lines[4].find("line 4\""), std::string::npos);
  EXPECT_EQ(house.search({.event_class = "packet"}).segments, 0U);
}

TEST(Segment, what_was_not_committed_is_read_again_and_not_doubled) {
  House house;
  for (std::int64_t i = 0; i < 100; ++i) ASSERT_TRUE(house.append(i));
  house.flush();
  for (std::int64_t i = 100; i < 400; ++i) ASSERT_TRUE(house.append(i));
  ASSERT_TRUE(house.writer->flush());  // durable, but no checkpoint knows of it
  house.writer = house.open();
  EXPECT_FALSE(house.writer->remarks().empty());
  EXPECT_EQ(house.count(), 100U);
  for (std::int64_t i = 100; i < 400; ++i) ASSERT_TRUE(house.append(i));
  house.flush();
  EXPECT_EQ(house.count(), 400U);
  // The resumed file's filters know the keys from before the restart.
  for (std::int64_t i = 400; i < 2000; ++i) ASSERT_TRUE(house.append(i));
  house.flush();
  EXPECT_EQ(house.search({.address = "10.0.0.7"}).lines.size(), 1U);
}

TEST(Segment, a_volatile_class_keeps_every_intact_frame) {
  House house;
  house.options.tail = SegmentTail::intact;
  house.writer = house.open();
  for (std::int64_t i = 0; i < 30; ++i) ASSERT_TRUE(house.append(i));
  ASSERT_TRUE(house.writer->flush());
  const auto whole = std::filesystem::file_size(house.last_file());
  for (std::int64_t i = 30; i < 36; ++i) ASSERT_TRUE(house.append(i));
  ASSERT_TRUE(house.writer->flush());
  // The last frame is torn at every length; what came before it stays.
  const auto size = std::filesystem::file_size(house.last_file());
  for (auto cut = size - 1; cut > whole; cut -= std::min<std::uintmax_t>(97, cut - whole)) {
    std::filesystem::resize_file(house.last_file(), cut);
    house.writer = house.open();
    EXPECT_EQ(house.count(), 30U) << cut;
    std::filesystem::resize_file(house.last_file(), whole);
    house.writer = house.open();
    for (std::int64_t i = 30; i < 36; ++i) ASSERT_TRUE(house.append(i));
    ASSERT_TRUE(house.writer->flush());
  }
}

TEST(Segment, a_rotten_block_is_counted_and_the_others_are_read) {
  House house;
  for (std::int64_t i = 0; i < 100; ++i) ASSERT_TRUE(house.append(i));
  house.flush();
  const auto before = house.search({.limit = 1000});
  ASSERT_GT(before.blocks, 1U);
  {
    std::fstream file(house.last_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file.put('\x7f');
  }
  const auto after = house.search({.limit = 1000});
  EXPECT_EQ(after.damaged, 1U);
  EXPECT_EQ(after.blocks, before.blocks - 1);
}

TEST(Segment, retention_by_age_and_by_bytes_takes_the_oldest_first) {
  House house;
  for (std::int64_t i = 0; i < 3000; ++i) ASSERT_TRUE(house.append(i));
  house.flush();
  const auto files = list_segments(house.scratch.path(), "log").size();
  const auto first_end = house.committed.front().last;
  auto gone = house.writer->retain(first_end + Duration{1}, 1ULL << 40);
  EXPECT_EQ(gone, std::vector<std::uint64_t>{1});
  gone = house.writer->retain(Time{}, 40'000);
  EXPECT_FALSE(gone.empty());
  EXPECT_EQ(gone.front(), 2U);
  std::uintmax_t left = 0;
  for (const auto& found : list_segments(house.scratch.path(), "log")) left += std::filesystem::file_size(found.path);
  EXPECT_LE(left, 40'000U);
  EXPECT_EQ(list_segments(house.scratch.path(), "log").size() + gone.size() + 1, files);
  ASSERT_TRUE(house.append(3000));
  house.flush();
  EXPECT_EQ(house.search({.text = "line 3000"}).lines.size(), 1U);
}

// RLIMIT_FSIZE makes write fail in the middle like a full disk does; in a child, because limits cannot be raised again.
TEST(Segment, a_refused_write_is_cut_off_and_what_was_there_stays) {
  House house;
  for (std::int64_t i = 0; i < 100; ++i) ASSERT_TRUE(house.append(i));
  house.flush();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const auto size = std::filesystem::file_size(house.last_file());
    const rlimit limit{size + 100, size + 100};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    bool refused = false;
    for (std::int64_t i = 100; i < 300; ++i) refused = !house.append(i) || refused;
    ::_exit(refused && std::filesystem::file_size(house.last_file()) == size ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  house.writer = house.open();
  EXPECT_EQ(house.count(), 100U);
}

TEST(Segment, headers_that_claim_too_much_are_refused) {
  std::string frame;
  append_block(frame, "{}\n", 1, at(0), at(1));
  ASSERT_TRUE(read_header(as_bytes(frame)));
  EXPECT_TRUE(frame_intact(as_bytes(frame)));
  for (std::size_t i = 0; i < frame.size(); ++i) {
    auto rotten = frame;
    rotten[i] = static_cast<char>(rotten[i] ^ 0x40);
    EXPECT_FALSE(frame_intact(as_bytes(rotten))) << i;
  }
  auto huge = frame;
  huge[11] = '\x7f';  // plain size
  EXPECT_FALSE(read_header(as_bytes(huge)));
  EXPECT_FALSE(read_header(as_bytes(frame.substr(0, 20))));
}

}  // namespace
}  // namespace tocsin::daemon
