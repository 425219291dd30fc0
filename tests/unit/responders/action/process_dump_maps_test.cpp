// Memory of processes of this test's own, and never of another with their number.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>

#include "collectors/base/digest.h"
#include "responders/action/process_dump_maps/dump.h"
#include "responders/action/process_dump_maps/pages.h"
#include "responders/action/process_dump_maps/process_dump_maps.h"
#include "tests/unit/responders/action/keeper.h"

namespace tocsin::responders {
namespace {

namespace json = boost::json;
constexpr std::size_t page = Keeper::page;
constexpr std::size_t reserved = Keeper::reserved;

std::string whole(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class DumpMaps : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = "/tmp/tocsin-test-XXXXXX";
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    environment_.evidence_directory = folder_ + "/evidence";
    action_ = make_process_dump_maps(environment_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Parameters given(pid_t pid, Parameters::Texts more = {}) const {
    more.emplace_back("pid", std::to_string(pid));
    return parse_parameters(process_dump_maps_spec, more).value();
  }
  static std::string output(const Outcome& outcome, std::string_view name) {
    for (const auto& [key, value] : outcome.outputs)
      if (key == name) return value;
    return "none";
  }

  std::string folder_;
  ManualClock clock_{Time{std::chrono::seconds(1'700'000'000)}};
  SeededRandom random_{1};
  ActionEnvironment environment_{clock_, random_, {}, {}};
  std::unique_ptr<Action> action_;
};

TEST_F(DumpMaps, what_only_memory_holds_is_in_the_evidence_and_found_by_its_address) {
  const Keeper keeper;
  const Parameters parameters = given(keeper.pid());
  EXPECT_EQ(action_->verify(parameters, "k")->presence, Presence::absent);
  const auto done = action_->apply(parameters, "k");
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(action_->verify(parameters, "k")->presence, Presence::in_effect);
  EXPECT_EQ(output(*done, "complete"), "true");
  const std::filesystem::path evidence = output(*done, "folder");
  const std::string memory = whole(evidence / "memory.bin");
  const json::object manifest = json::parse(whole(evidence / "manifest.json")).as_object();
  EXPECT_TRUE(manifest.at("complete").as_bool());
  EXPECT_EQ(manifest.at("process").at("pid").to_number<int>(), keeper.pid());
  for (const auto& file : manifest.at("files").as_array())
    EXPECT_EQ(file.at("sha256").as_string(),
              render_digest(sha256(as_bytes(whole(evidence / std::string(file.at("name").as_string()))))));
  EXPECT_EQ(output(*done, "sha256"), render_digest(sha256(as_bytes(memory))));
  bool code = false;
  std::size_t found = 0;
  std::uint64_t of_reserved = 0;
  for (const auto& mapping : manifest.at("mappings").as_array()) {
    Sha256Stream digest;
    for (const auto& run : mapping.at("runs").as_array()) {
      const std::uint64_t begin = std::stoull(std::string(run.at("begin").as_string()), nullptr, 16);
      const auto offset = run.at("offset").to_number<std::uint64_t>();
      const auto size = run.at("bytes").to_number<std::uint64_t>();
      ASSERT_LE(offset + size, memory.size());
      digest.update(as_bytes(memory).subspan(offset, size));
      const auto from = std::max(begin, keeper.memory());
      const auto to = std::min(begin + size, keeper.memory() + reserved);
      if (from < to) of_reserved += to - from;
      for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{10 * page}, std::uint64_t{reserved - page}})
        if (begin <= keeper.memory() + at && keeper.memory() + at < begin + size)
          found += memory.substr(offset + keeper.memory() + at - begin).starts_with(Keeper::secret()) ? 1U : 0U;
    }
    EXPECT_EQ(mapping.at("sha256").as_string(), render_digest(digest.finish()));
    const auto permissions = mapping.at("permissions").as_string();
    EXPECT_EQ(permissions[0], 'r');
    code = code || (permissions == "r-xp" && mapping.at("path").as_string().empty());
  }
  EXPECT_EQ(found, 3U);
  EXPECT_LT(of_reserved, reserved / 2);  // what it never touched is not there
  EXPECT_TRUE(code);
  EXPECT_NE(memory.find("code without a file"), std::string::npos);
  EXPECT_EQ(whole("/proc/self/exe").find(Keeper::secret()), std::string::npos);  // the same file: it is not in it
}

TEST_F(DumpMaps, nothing_of_the_process_changes) {
  const Keeper keeper;
  const auto resident = [&] {
    std::string text = whole("/proc/" + std::to_string(keeper.pid()) + "/status");
    return text.substr(text.find("VmRSS"), 40);
  };
  const auto before = resident();
  ASSERT_TRUE(action_->apply(given(keeper.pid()), "k"));
  EXPECT_EQ(resident(), before);
  const auto process = read_process(keeper.pid());
  ASSERT_TRUE(process);
  EXPECT_FALSE(process->stopped());
}

TEST_F(DumpMaps, a_rehearsal_touches_nothing) {
  const Keeper keeper;
  const auto forecast = action_->rehearse(given(keeper.pid()));
  ASSERT_TRUE(forecast);
  EXPECT_TRUE(forecast->obstacle.empty()) << forecast->obstacle;
  EXPECT_EQ(forecast->now.size(), 2U);
  EXPECT_FALSE(std::filesystem::exists(environment_.evidence_directory));
  EXPECT_FALSE(action_->rehearse(given(keeper.pid(), {{"executable", "/bin/other"}}))->obstacle.empty());
}

TEST_F(DumpMaps, a_cap_keeps_the_most_telling_and_is_said) {
  const Keeper keeper;
  const auto done = action_->apply(given(keeper.pid(), {{"bytes", "6000"}}), "k");
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(output(*done, "bytes"), "6000");
  EXPECT_EQ(output(*done, "complete"), "false");
  EXPECT_NE(done->summary.find("not all: it is larger than 6000 bytes"), std::string::npos) << done->summary;
  const std::filesystem::path evidence = output(*done, "folder");
  EXPECT_TRUE(whole(evidence / "memory.bin").starts_with("code without a file"));
  const json::object manifest = json::parse(whole(evidence / "manifest.json")).as_object();
  EXPECT_FALSE(manifest.at("complete").as_bool());
  EXPECT_GT(manifest.at("mappings_left_out").to_number<int>(), 0);
}

// Both ways to ask the kernel tell the same, in as few calls as there are runs where it scans.
TEST_F(DumpMaps, pages_it_touched_by_scan_and_by_reading) {
  const Keeper keeper;
  const auto memory = open_memory(*read_process(keeper.pid()));
  ASSERT_TRUE(memory);
  const auto end = keeper.memory() + reserved;
  const auto all = [&](TouchedPages pages) {
    std::vector<std::uint64_t> out;
    for (std::uint64_t at = keeper.memory(); at < end;) {
      const PageRun run = pages.next(at, end);
      EXPECT_LE(at, run.begin);
      for (auto page_at = run.begin; page_at < run.end; page_at += page) out.push_back(page_at - keeper.memory());
      EXPECT_GT(run.end, at);
      if (run.end <= at) break;
      at = run.end;
    }
    return out;
  };
  const auto read = all(TouchedPages(memory->present.get(), TouchedPages::Way::read));
  EXPECT_EQ(all(TouchedPages(memory->present.get())), read);
  for (const std::uint64_t touched : {std::uint64_t{0}, std::uint64_t{10 * page}, std::uint64_t{reserved - page}})
    EXPECT_NE(std::ranges::find(read, touched), read.end()) << touched;
  EXPECT_LT(read.size(), reserved / page);
  const PageRun unknown = TouchedPages(-1).next(keeper.memory(), end);
  EXPECT_EQ(unknown.end - unknown.begin, reserved);
}

// Terabytes that were only reserved, as sanitizers, Java and an attacker do: time is looked at while nothing is found.
TEST_F(DumpMaps, its_time_ends_the_search_in_what_is_only_reserved) {
  const Keeper keeper;
  auto memory = open_memory(*read_process(keeper.pid()));
  ASSERT_TRUE(memory);
  Mapping huge;
  huge.begin = keeper.memory() + 11 * page;
  huge.end = keeper.memory() + reserved - page;
  const OwnedDescriptor to(::open((folder_ + "/x").c_str(), O_RDWR | O_CREAT, 0600));
  Duration now{};
  DumpLimits limits;
  limits.time = std::chrono::milliseconds(1);
  int asked = 0;
  const auto dump = dump_memory(*memory, {huge, huge, huge}, to.get(), limits, [&] {
    ++asked;
    return now += std::chrono::milliseconds(1);
  });
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->bytes, 0U);
  EXPECT_EQ(dump->left_out, 2U);
  EXPECT_NE(dump->cut.find("longer than"), std::string::npos);
  EXPECT_EQ(asked, 2);
}

TEST_F(DumpMaps, its_time_ends_it) {
  const Keeper keeper;
  const auto memory = open_memory(*read_process(keeper.pid()));
  ASSERT_TRUE(memory);
  const auto wanted = worth_copying(parse_maps(memory->maps, 1000).mappings);
  const OwnedDescriptor to(::open((folder_ + "/x").c_str(), O_RDWR | O_CREAT, 0600));
  Duration now{};
  DumpLimits limits;
  limits.time = std::chrono::milliseconds(2);
  const auto dump = dump_memory(*memory, wanted, to.get(), limits, [&] { return now += std::chrono::milliseconds(1); });
  ASSERT_TRUE(dump);
  EXPECT_NE(dump->cut.find("longer than"), std::string::npos);
  EXPECT_GT(dump->bytes, 0U);
  limits.time = std::chrono::seconds(10);
  limits.runs_most = 1;
  EXPECT_NE(dump_memory(*memory, wanted, to.get(), limits, [] { return Duration{}; })->cut.find("pieces"),
            std::string::npos);
}

TEST_F(DumpMaps, the_same_key_copies_once) {
  const Keeper keeper;
  ASSERT_TRUE(action_->apply(given(keeper.pid()), "k"));
  const auto again = action_->apply(given(keeper.pid()), "k");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->state, Outcome::State::already);
  EXPECT_EQ(action_->undo(given(keeper.pid()), "k", {}).error().code, Code::conflict);
}

TEST_F(DumpMaps, another_process_with_its_number_is_not_looked_at) {
  pid_t gone = 0;
  {
    const Keeper keeper;
    gone = keeper.pid();
    auto other = *read_process(gone);
    ++other.started;
    EXPECT_EQ(open_memory(other).error().code, Code::conflict);
    const auto started = std::to_string(other.started);
    EXPECT_EQ(action_->apply(given(gone, {{"started", started}}), "k").error().code, Code::conflict);
    EXPECT_EQ(action_->apply(given(gone, {{"executable", "/bin/other"}}), "k").error().code, Code::conflict);
  }
  EXPECT_EQ(action_->apply(given(gone), "k").error().code, Code::not_found);
  EXPECT_FALSE(std::filesystem::exists(environment_.evidence_directory));
}

TEST_F(DumpMaps, one_that_ends_meanwhile_leaves_no_half_evidence) {
  auto keeper = std::make_unique<Keeper>();
  const auto memory = open_memory(*read_process(keeper->pid()));
  ASSERT_TRUE(memory);
  const auto wanted = worth_copying(parse_maps(memory->maps, 1000).mappings);
  keeper.reset();
  const OwnedDescriptor to(::open((folder_ + "/x").c_str(), O_RDWR | O_CREAT, 0600));
  EXPECT_EQ(dump_memory(*memory, wanted, to.get(), {}, [] { return Duration{}; }).error().code, Code::not_found);
}

TEST(Maps, lines_of_the_kernel_and_of_nobody) {
  constexpr std::string_view text =
      "55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0                          [heap]\n"
      "7f0000000000-7f0000001000 r-xp 00000000 00:00 0 \n"
      "7f0000002000-7f0000003000 r-xp 00001000 fd:01 42                         /usr/lib/a b.so\n"
      "7f0000004000-7f0000005000 r--s 00000000 00:01 7                          /memfd:x (deleted)\n"
      "7f0000006000-7f0000007000 rw-s 00000000 00:05 9                          /dev/mem\n"
      "7f0000008000-7f0000009000 r--p 00000000 fd:01 42                         /usr/lib/a b.so\n"
      "7f000000a000-7f000000b000 ---p 00000000 00:00 0 \n"
      "7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]\n"
      "nonsense\n7f01-7f00 r--p 0 00:00 0\n7f00 rw-p\n";
  const auto maps = parse_maps(text, 100);
  ASSERT_EQ(maps.mappings.size(), 8U);
  EXPECT_EQ(maps.damaged, 3U);
  EXPECT_EQ(maps.mappings[2].path, "/usr/lib/a b.so");
  EXPECT_EQ(maps.mappings[2].offset, 0x1000U);
  EXPECT_EQ(maps.mappings[3].permissions(), "r--s");
  const auto wanted = worth_copying(maps.mappings);
  std::vector<std::uint64_t> order;
  for (const auto& mapping : wanted) order.push_back(mapping.begin);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{0x7f0000000000, 0x55d0c0000000, 0x7f0000004000, 0x7f0000002000}));
  EXPECT_EQ(parse_maps(text, 2).mappings.size(), 2U);
}

}  // namespace
}  // namespace tocsin::responders
