#include "daemon/eve/sink.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "collectors/base/text.h"

namespace tocsin::daemon {
namespace {

namespace fs = std::filesystem;

class Eve : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (fs::temp_directory_path() / "tocsin-eve-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    path_ = directory_ / "eve.json";
  }
  void TearDown() override { fs::remove_all(directory_); }
  static std::vector<std::string> lines(const fs::path& path) {
    std::ifstream in(path);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }
  std::vector<fs::path> older() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(directory_))
      if (entry.path() != path_) out.push_back(entry.path());
    std::ranges::sort(out);
    return out;
  }
  static Time at(int second) { return Time{std::chrono::seconds{1'795'000'000 + second}}; }

  fs::path directory_;
  fs::path path_;
};

TEST_F(Eve, the_file_is_continued_and_begins_anew_when_it_has_grown) {
  {
    RotatingFile file({path_.string(), 25, 0});
    ASSERT_TRUE(file.write("first line", at(0)));
    ASSERT_TRUE(file.flush());
  }
  RotatingFile file({path_.string(), 25, 0});
  ASSERT_TRUE(file.write("second line", at(1)));
  ASSERT_TRUE(file.write("third line", at(2)));
  ASSERT_TRUE(file.write("fourth line", at(3)));
  ASSERT_TRUE(file.flush());
  EXPECT_EQ(lines(path_), std::vector<std::string>{"fourth line"});
  ASSERT_EQ(older().size(), 1U);
  EXPECT_EQ(lines(older()[0]), (std::vector<std::string>{"first line", "second line", "third line"}));
}

TEST_F(Eve, the_oldest_parts_go_and_nothing_else_does) {
  std::ofstream(directory_ / "eve-notes.json") << "mine\n";
  RotatingFile file({path_.string(), 10, 25});
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(file.write("line " + std::to_string(i) + " ....", at(i)));
  ASSERT_TRUE(file.flush());
  EXPECT_EQ(lines(path_), std::vector<std::string>{"line 5 ...."});
  const auto left = older();
  ASSERT_EQ(left.size(), 3U);
  EXPECT_EQ(lines(left[0]), std::vector<std::string>{"line 3 ...."});
  EXPECT_EQ(lines(left[1]), std::vector<std::string>{"line 4 ...."});
  EXPECT_EQ(left[2].filename(), "eve-notes.json");
}

TEST_F(Eve, only_ordinary_files_are_written) {
  RotatingFile device({"/dev/null", 0, 0});
  EXPECT_FALSE(device.write("x", at(0)));
  fs::create_symlink(directory_ / "elsewhere", directory_ / "link");
  RotatingFile link({(directory_ / "link").string(), 0, 0});
  EXPECT_FALSE(link.write("x", at(0)));
  EXPECT_FALSE(fs::exists(directory_ / "elsewhere"));
}

// As on a full disk, the kernel takes a part and refuses the rest.
TEST_F(Eve, no_half_line_stays_when_there_is_no_room) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const old = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string line(399, 'x');
  RotatingFile file({path_.string(), 0, 0});
  bool failed = false;
  for (int i = 0; i < 4; ++i) failed = failed || !file.write(line, at(i));
  failed = failed || !file.flush();
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old);
  EXPECT_TRUE(failed);
  EXPECT_EQ(fs::file_size(path_), 800U);
  ASSERT_TRUE(file.write("next", at(9)));
  ASSERT_TRUE(file.flush());
  EXPECT_EQ(lines(path_), (std::vector<std::string>{line, line, "next"}));
}

TEST_F(Eve, the_sink_writes_what_it_was_given_in_order_and_its_counters) {
  const ManualClock clock(at(0));
  Log log(clock, LogLevel::error, LogPrefix::plain);
  Metrics metrics;
  EveSinkOptions options;
  options.file.path = path_.string();
  EveSink sink(std::move(options), clock, log, metrics);
  sink.start();
  EveCounters counters;
  counters.syn = 3;
  sink.report(1, counters, {});
  sink.offer({{at(2), 2, 0, 0, "b"}, {at(1), 1, 0, 0, "a"}});
  sink.stop();
  const auto got = lines(path_);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0], "a");
  EXPECT_EQ(got[1], "b");
  EXPECT_NE(got[2].find(R"("event_type":"stats")"), std::string::npos);
  EXPECT_NE(got[2].find(R"("syn":3)"), std::string::npos);
  EXPECT_EQ(metrics.counter("tocsin_eve_records", "").value(), 3U);
}

TEST_F(Eve, what_cannot_be_written_is_counted_and_said) {
  const ManualClock clock(at(0));
  Log log(clock, LogLevel::error, LogPrefix::plain);
  Metrics metrics;
  EveSinkOptions options;
  options.file.path = "/proc/tocsin/eve.json";
  options.records.stats.enabled = false;
  options.queue_most = 10;
  EveSink sink(std::move(options), clock, log, metrics);
  sink.offer({{at(1), 1, 0, 0, "12345678"}, {at(1), 2, 0, 0, "12345678"}});
  sink.start();
  sink.stop();
  EXPECT_EQ(metrics.counter("tocsin_eve_records_dropped", "", "cause=\"queue\"").value(), 1U);
  EXPECT_EQ(metrics.counter("tocsin_eve_records_dropped", "", "cause=\"disk\"").value(), 1U);
  EXPECT_NE(sink.trouble().find("/proc/tocsin/eve.json"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::daemon
