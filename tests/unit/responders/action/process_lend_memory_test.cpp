// Memory that is lent: of the very process that was meant, sealed, once, and gone afterwards.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "responders/action/process_lend_memory/lent.h"
#include "responders/action/process_lend_memory/process_lend_memory.h"
#include "tests/unit/responders/action/keeper.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t page = Keeper::page;
constexpr std::size_t reserved = Keeper::reserved;

class LendMemory : public ::testing::Test {
 protected:
  static Parameters given(pid_t pid, Parameters::Texts more = {}) {
    more.emplace_back("pid", std::to_string(pid));
    return parse_parameters(process_lend_memory_spec, more).value();
  }
  static std::string output(const Outcome& outcome, std::string_view name) {
    for (const auto& [key, value] : outcome.outputs)
      if (key == name) return value;
    return "none";
  }
  Result<LentMemory> taken(std::string_view key) {
    auto all = action_->take(key);
    if (!all) return std::unexpected(all.error());
    EXPECT_EQ(all->size(), 2U);
    return LentMemory::open(std::move((*all)[0]), std::move((*all)[1]));
  }

  ManualClock clock_{Time{std::chrono::seconds(1'700'000'000)}};
  SeededRandom random_{1};
  ActionEnvironment environment_{clock_, random_, {}, {}};
  std::unique_ptr<Action> action_ = make_process_lend_memory(environment_);
};

TEST_F(LendMemory, what_only_memory_holds_is_lent_with_its_addresses) {
  const Keeper keeper;
  const auto done = action_->apply(given(keeper.pid()), "k");
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(output(*done, "complete"), "true");
  EXPECT_EQ(done->expires_in, std::chrono::minutes(1));
  EXPECT_EQ(action_->verify(given(keeper.pid()), "k")->presence, Presence::in_effect);
  const auto lent = taken("k");
  ASSERT_TRUE(lent) << lent.error().text();
  EXPECT_EQ(lent->index().process.pid, keeper.pid());
  EXPECT_EQ(lent->index().process.started, read_process(keeper.pid())->started);
  EXPECT_TRUE(lent->index().cut.empty());
  std::size_t found = 0;
  std::uint64_t of_reserved = 0;
  for (const LentMapping& mapping : lent->index().mappings)
    for (const DumpedRun& run : mapping.runs) {
      const auto begin = std::max(run.begin, keeper.memory());
      const auto end = std::min(run.begin + run.size, keeper.memory() + reserved);
      of_reserved += end - std::min(begin, end);
      for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{10 * page}, std::uint64_t{reserved - page}})
        if (run.begin <= keeper.memory() + at && keeper.memory() + at < run.begin + run.size)
          found += as_text(lent->bytes(run).subspan(keeper.memory() + at - run.begin)).starts_with(Keeper::secret());
    }
  EXPECT_EQ(found, 3U);
  EXPECT_EQ(of_reserved, 3 * page) << "what it never touched is not there";
}

TEST_F(LendMemory, nobody_changes_what_was_lent) {
  const Keeper keeper;
  ASSERT_TRUE(action_->apply(given(keeper.pid()), "k"));
  const auto all = action_->take("k");
  ASSERT_TRUE(all);
  for (const OwnedDescriptor& file : *all) {
    EXPECT_EQ(::pwrite(file.get(), "x", 1, 0), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_NE(::ftruncate(file.get(), 0), 0);
    EXPECT_EQ(::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0), MAP_FAILED);
  }
}

TEST_F(LendMemory, once_and_not_for_ever) {
  const Keeper keeper;
  const Parameters parameters = given(keeper.pid());
  ASSERT_TRUE(action_->apply(parameters, "k"));
  EXPECT_EQ(action_->apply(parameters, "k")->state, Outcome::State::already);
  ASSERT_TRUE(action_->take("k"));
  EXPECT_EQ(action_->take("k").error().code, Code::conflict);
  EXPECT_EQ(action_->take("other").error().code, Code::not_found);
  ASSERT_TRUE(action_->apply(parameters, "late"));
  EXPECT_EQ(action_->undo(parameters, "late", {})->state, Outcome::State::undone);
  EXPECT_EQ(action_->take("late").error().code, Code::not_found);
  EXPECT_EQ(action_->verify(parameters, "late")->presence, Presence::absent);
  EXPECT_TRUE(action_->undo(parameters, "late", {}));
}

TEST_F(LendMemory, a_cap_is_said) {
  const Keeper keeper;
  const auto done = action_->apply(given(keeper.pid(), {{"bytes", "6000"}}), "k");
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(output(*done, "complete"), "false");
  EXPECT_NE(done->summary.find("not all: it is larger than 6000 bytes"), std::string::npos) << done->summary;
  const auto lent = taken("k");
  ASSERT_TRUE(lent);
  EXPECT_EQ(lent->index().bytes, 6000U);
  EXPECT_NE(lent->index().cut.find("6000 bytes"), std::string::npos);
  EXPECT_GT(lent->index().left_out, 0U);
}

TEST_F(LendMemory, another_process_with_its_number_is_not_lent) {
  pid_t gone = 0;
  {
    const Keeper keeper;
    gone = keeper.pid();
    const auto other = std::to_string(read_process(gone)->started + 1);
    EXPECT_EQ(action_->apply(given(gone, {{"started", other}}), "a").error().code, Code::conflict);
    EXPECT_EQ(action_->apply(given(gone, {{"executable", "/bin/other"}}), "b").error().code, Code::conflict);
    EXPECT_FALSE(action_->rehearse(given(gone, {{"started", other}}))->obstacle.empty());
  }
  EXPECT_EQ(action_->apply(given(gone), "c").error().code, Code::not_found);
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(action_->take(key).error().code, Code::not_found);
}

TEST_F(LendMemory, a_rehearsal_says_what_and_lends_nothing) {
  const Keeper keeper;
  const auto forecast = action_->rehearse(given(keeper.pid()));
  ASSERT_TRUE(forecast);
  EXPECT_TRUE(forecast->obstacle.empty()) << forecast->obstacle;
  ASSERT_EQ(forecast->now.size(), 2U);
  EXPECT_TRUE(forecast->now[0].starts_with(std::to_string(keeper.pid()) + " (")) << forecast->now[0];
  EXPECT_EQ(action_->verify(given(keeper.pid()), "k")->presence, Presence::absent);
}

TEST(LentIndex, names_of_a_hostile_process_stay_names) {
  HostProcess process;
  process.pid = 7;
  process.name = "a\"},\x1b]0;x";
  Dump dump;
  DumpedMapping& mapping = dump.mappings.emplace_back();
  mapping.mapping = {0x1000, 0x3000, true, true, false, false, 0, 9, "/tmp/\"runs\":[[0,1,2]]\n\xff\x1b[2J (deleted)"};
  mapping.runs = {{0x1000, 5, 0}, {0x2000, 4096, 5}};
  mapping.unreadable = 9;
  dump.bytes = 4101;
  const auto index = parse_index(render_index(process, dump, "cut"), 4101);
  ASSERT_TRUE(index) << index.error().text();
  EXPECT_EQ(index->process.pid, 7);
  EXPECT_EQ(index->process.name.find('\x1b'), std::string::npos);
  ASSERT_EQ(index->mappings.size(), 1U);
  EXPECT_EQ(index->mappings[0].mapping.permissions(), "rw-p");
  EXPECT_EQ(index->mappings[0].mapping.path.find_first_of("\n\x1b"), std::string::npos);
  ASSERT_EQ(index->mappings[0].runs.size(), 2U);
  EXPECT_EQ(index->mappings[0].runs[1].offset, 5U);
  EXPECT_EQ(index->refused, 9U);
  EXPECT_EQ(index->cut, "cut");
}

TEST(LentIndex, speaks_of_nothing_outside) {
  const auto with = [](std::string_view runs, std::string_view more = R"("begin":4096,"end":12288)") {
    return R"({"version":1,"process":{"pid":7,"started":1,"uid":0,"name":"","executable":""},"bytes":100,"left_out":0,)"
           R"("refused":0,"cut":"","mappings":[{)" +
           std::string(more) + R"(,"permissions":"rw-p","path":"","runs":[)" + std::string(runs) + "]}]}";
  };
  ASSERT_TRUE(parse_index(with("[4096,60,0],[8192,40,60]"), 100));
  for (const std::string& text :
       {with("[4095,1,0]"), with("[12288,1,0]"), with("[12287,2,0]"), with("[4096,101,0]"), with("[4096,1,100]"),
        with("[4096,2,99]"), with("[4096,0,0]"), with("[4096,9,0],[4100,9,9]"), with("[4096,-1,0]"),
        with("[4096,18446744073709551615,1]"), with("[4096,1,18446744073709551615]"), with("[4096,1]"), with("1"),
        with("", R"("begin":12288,"end":4096)"), with("", R"("begin":"4096","end":12288)"), std::string("{}"),
        std::string("[]"), std::string("nonsense"), std::string()})
    EXPECT_FALSE(parse_index(text, 100)) << text;
  EXPECT_FALSE(parse_index(with("[4096,60,0]"), 99));
}

TEST(LentMemory, is_sealed_or_not_believed) {
  auto memory = make_memory_file("test");
  auto index = make_memory_file("test");
  ASSERT_TRUE(memory);
  ASSERT_TRUE(index);
  const std::string text = render_index({}, {}, {});
  ASSERT_TRUE(write_all(index->get(), as_bytes(text)));
  ASSERT_TRUE(seal_memory_file(index->get()));
  const auto twin = [](const OwnedDescriptor& file) { return OwnedDescriptor(::dup(file.get())); };
  EXPECT_EQ(LentMemory::open(twin(*memory), twin(*index)).error().code, Code::invalid);
  ASSERT_TRUE(seal_memory_file(memory->get()));
  EXPECT_TRUE(LentMemory::open(twin(*memory), twin(*index)));
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  EXPECT_EQ(LentMemory::open(OwnedDescriptor(pipe[0]), twin(*index)).error().code, Code::invalid);
  EXPECT_EQ(LentMemory::open(twin(*memory), OwnedDescriptor(pipe[1])).error().code, Code::invalid);
  EXPECT_FALSE(LentMemory::open({}, {}));
}

}  // namespace
}  // namespace tocsin::responders
