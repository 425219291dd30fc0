#include "collectors/log/tail/file_tail.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

namespace tocsin::collectors {
namespace {

namespace fs = std::filesystem;

// Files in a directory of our own; time is ours too.
class Tail : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "tail-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory = pattern;
    Diagnostics diagnostics;
    decoders = compile_decoders({}, names, diagnostics);
  }
  void TearDown() override { fs::remove_all(directory); }

  fs::path file(const std::string& name = "a.log") const { return directory / name; }
  void write(const std::string& text, const std::string& name = "a.log") const {
    std::ofstream(file(name), std::ios::app | std::ios::binary) << text;
  }
  TailOptions options() const {
    TailOptions o;
    o.glob = (directory / "*.log").string();
    o.source.clock = LineClock(TimeZone{}, 2024);
    return o;
  }
  FileTail start(std::vector<Position> known = {}) {
    return FileTail(opener, options(), decoders, names, std::move(known));
  }

  // Turns until nothing more comes; keeps lines, ids and positions as a store would.
  std::vector<std::string> read(FileTail& tail, int turns = 12) {
    std::vector<std::string> lines;
    for (int i = 0; i < turns; ++i) {
      LogBatch batch;
      now += std::chrono::seconds{1};
      const auto more = tail.poll(batch, now);
      EXPECT_TRUE(more) << more.error().text();
      for (const auto& event : batch.events.events()) {
        lines.emplace_back(event.original());
        ids.push_back(event.header().id);
      }
      for (auto& p : batch.positions) keep(std::move(p));
    }
    return lines;
  }
  void keep(Position position) {
    std::erase_if(stored, [&](const Position& p) { return p.seed == position.seed; });
    if (!position.finished) stored.push_back(std::move(position));
  }

  fs::path directory;
  DirectOpener opener;
  FieldNames names;
  std::shared_ptr<const DecoderSet> decoders;
  Time now = parse_time("2024-06-01T00:00:00Z").value();
  std::vector<Position> stored;
  std::vector<Digest128> ids;
};

using Lines = std::vector<std::string>;

TEST_F(Tail, follows_and_holds_a_partial_line) {
  write("one\ntwo\nthr");
  auto tail = start();
  EXPECT_EQ(read(tail), (Lines{"one", "two"}));
  write("ee\nfour\n");
  EXPECT_EQ(read(tail), (Lines{"three", "four"}));
}

TEST_F(Tail, resumes_where_the_stored_position_is) {
  write("one\ntwo\n");
  {
    auto tail = start();
    EXPECT_EQ(read(tail), (Lines{"one", "two"}));
  }
  write("three\n");
  auto tail = start(stored);
  EXPECT_EQ(read(tail), (Lines{"three"}));
}

TEST_F(Tail, reading_again_gives_the_same_ids) {
  write("one\ntwo\n");
  {
    auto tail = start();
    read(tail);
  }
  auto tail = start();
  read(tail);
  ASSERT_EQ(ids.size(), 4U);
  EXPECT_EQ(ids[0], ids[2]);
  EXPECT_EQ(ids[1], ids[3]);
  EXPECT_NE(ids[0], ids[1]);
}

TEST_F(Tail, ids_do_not_change_when_the_file_grows) {
  write("one\n");
  {
    auto tail = start();
    read(tail);
  }
  write(std::string(2000, 'x') + "\n");
  auto tail = start();
  read(tail);
  EXPECT_EQ(ids[0], ids[1]);
}

TEST_F(Tail, rename_and_create_loses_nothing) {
  write("one\n");
  auto tail = start();
  EXPECT_EQ(read(tail), (Lines{"one"}));
  write("two\npart");
  fs::rename(file(), file("a.log.1"));
  write("three\n");
  EXPECT_EQ(read(tail), (Lines{"two", "part", "three"}));
  EXPECT_EQ(tail.counts().rotations, 1U);
  EXPECT_EQ(tail.open_files(), 1U);
}

TEST_F(Tail, copytruncate_starts_over_with_new_ids) {
  write("one\ntwo\n");
  auto tail = start();
  read(tail);
  fs::resize_file(file(), 0);
  write("one\n");
  EXPECT_EQ(read(tail), (Lines{"one"}));
  EXPECT_EQ(tail.counts().truncations, 1U);
  EXPECT_NE(ids[0], ids[2]);
}

TEST_F(Tail, truncated_and_grown_beyond_the_old_size_is_seen_by_the_first_bytes) {
  write("one\n");
  auto tail = start();
  read(tail);
  fs::resize_file(file(), 0);
  write("another first line\nand more\n");
  EXPECT_EQ(read(tail), (Lines{"another first line", "and more"}));
}

TEST_F(Tail, rotated_while_down_is_finished_first) {
  write("one\n");
  {
    auto tail = start();
    read(tail);
  }
  write("two\n");
  fs::rename(file(), file("a.log.1"));
  write("three\n");
  auto tail = start(stored);
  EXPECT_EQ(read(tail), (Lines{"two", "three"}));
  EXPECT_EQ(tail.counts().caught_up_files, 1U);
}

TEST_F(Tail, rotated_twice_and_compressed_while_down) {
  write("one\n");
  {
    auto tail = start();
    read(tail);
  }
  write("two\n");
  const auto old_time = fs::last_write_time(file());
  auto* gz = gzopen(file("a.log.2.gz").c_str(), "wb");
  const std::string content = "one\ntwo\n";
  gzwrite(gz, content.data(), static_cast<unsigned>(content.size()));
  gzclose(gz);
  fs::last_write_time(file("a.log.2.gz"), old_time - std::chrono::hours{2});
  fs::remove(file());
  write("three\n", "a.log.1");
  fs::last_write_time(file("a.log.1"), old_time - std::chrono::hours{1});
  write("four\n");
  auto tail = start(stored);
  EXPECT_EQ(read(tail), (Lines{"two", "three", "four"}));
}

TEST_F(Tail, file_that_is_lost_is_counted) {
  write("one\n");
  {
    auto tail = start();
    read(tail);
  }
  fs::rename(file(), directory / "elsewhere");
  write("two\n");
  auto tail = start(stored);
  EXPECT_EQ(read(tail), (Lines{"two"}));
  EXPECT_EQ(tail.counts().lost_files, 1U);
}

TEST_F(Tail, new_files_of_the_glob_are_found) {
  auto tail = start();
  EXPECT_EQ(read(tail), Lines{});
  write("one\n", "b.log");
  EXPECT_EQ(read(tail), (Lines{"one"}));
}

TEST_F(Tail, may_begin_at_the_end) {
  write("one\n");
  auto o = options();
  o.start_at = StartAt::end;
  FileTail tail(opener, o, decoders, names, {});
  EXPECT_EQ(read(tail), Lines{});
  write("two\n");
  EXPECT_EQ(read(tail), (Lines{"two"}));
}

TEST_F(Tail, long_line_is_cut_and_counted) {
  write(std::string(300000, 'x') + "\nnext\n");
  auto tail = start();
  const auto lines = read(tail);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].size(), line_most);
  EXPECT_EQ(lines[1], "next");
  EXPECT_EQ(tail.counts().truncated_lines, 1U);
  EXPECT_EQ(tail.counts().skipped_bytes, 300001U - line_most);
}

TEST_F(Tail, binary_bytes_pass) {
  write(std::string("a\0b\xff\n", 5));
  auto tail = start();
  EXPECT_EQ(read(tail), (Lines{std::string("a\0b\xff", 4)}));
}

TEST_F(Tail, batches_are_never_overfull_and_positions_cover_them) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "line " + std::to_string(i) + "\n";
  write(text);
  auto tail = start();
  LogBatch first;
  ASSERT_TRUE(tail.poll(first, now));
  EXPECT_LE(first.events.size(), EventBatch::most_events);
  ASSERT_EQ(first.positions.size(), 1U);
  // A crash here: the next process goes on exactly behind the last stored event.
  keep(first.positions[0]);
  auto again = start(stored);
  EXPECT_EQ(read(again).front(), "line " + std::to_string(first.events.size()));
}

TEST_F(Tail, open_audit_groups_hold_the_position_back) {
  write(
      "type=SYSCALL msg=audit(1700000000.100:7): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=2 uid=0 "
      "exe=\"/bin/ls\"\n"
      "type=EXECVE msg=audit(1700000000.100:7): argc=1 a0=\"ls\"\n");
  auto tail = start();
  EXPECT_EQ(read(tail).size(), 2U);
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].offset, 0U);
  write("type=PROCTITLE msg=audit(1700000000.100:7): proctitle=\"ls\"\n");
  EXPECT_EQ(read(tail).size(), 2U);  // the record and the process it completes
  EXPECT_EQ(stored[0].offset, fs::file_size(file()));
}

// The columns of a table are known after a restart in its middle, and forgotten when the file begins anew.
TEST_F(Tail, a_table_keeps_its_header_across_a_restart_and_rotation) {
  const std::string header = "#separator \\x09\n#fields\tts\tword\n#types\ttime\tstring\n";
  const auto words = [&](FileTail& tail) {
    Lines out;
    for (int i = 0; i < 12; ++i) {
      LogBatch batch;
      now += std::chrono::seconds{1};
      EXPECT_TRUE(tail.poll(batch, now));
      for (const auto& event : batch.events.events()) {
        const auto field = names.find("word");
        const Value* value = field ? event.find(*field) : nullptr;
        if (value != nullptr) out.emplace_back(value->as_text());
      }
      for (auto& p : batch.positions) keep(std::move(p));
    }
    return out;
  };
  write(header + "1714557600.5\tone\n");
  {
    auto tail = start();
    EXPECT_EQ(words(tail), (Lines{"one"}));
  }
  write("1714557601.5\ttwo\n");
  auto tail = start(stored);
  EXPECT_EQ(words(tail), (Lines{"two"}));
  fs::rename(file(), file("a.log.1"));
  write("#separator \\x09\n#fields\tword\tts\n#types\tstring\ttime\nthree\t1714557602.5\n");
  EXPECT_EQ(words(tail), (Lines{"three"}));
  fs::resize_file(file(), 0);
  write("four\t1714557603.5\n");  // truncated, and no header this time
  EXPECT_EQ(words(tail), (Lines{}));
}

}  // namespace
}  // namespace tocsin::collectors
