// What is lent goes to the reader that asked, as the policy allows, once, and the record says so.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "responders/action/process_lend_memory/lent.h"
#include "responders/action/process_lend_memory/process_lend_memory.h"
#include "responders/guard/client.h"
#include "responders/guard/server.h"
#include "tests/unit/responders/action/keeper.h"
#include "tests/unit/responders/guard/rules_fixture.h"

namespace tocsin::responders {
namespace {

constexpr std::uint32_t reader = 3000;

class Lending : public RulesTest {
 protected:
  void SetUp() override {
    RulesTest::SetUp();
    policy_.readers.users = {reader};
  }
  // The action itself, and beside it the others of the table in memory.
  std::unique_ptr<Guard> open() {
    Guard::Actions actions;
    for (const ActionRow& row : all_actions()) {
      if (row.make == nullptr) continue;
      if (row.spec.gives == Gives::descriptors) actions.push_back(row.make(environment_));
      else actions.push_back(std::make_unique<FakeAction>(row.spec, effects_));
    }
    auto guard = Guard::open(policy_, facts_, clock_, std::move(actions), folder_ + "/journal");
    EXPECT_TRUE(guard) << guard.error().text();
    return std::move(*guard);
  }
  ActionRequest look(std::string key) const {
    return request("process.lend_memory", {{"pid", std::to_string(keeper_.pid())}}, std::move(key));
  }
  std::string refusal_of(Guard& guard, const ActionRequest& asked, std::uint32_t uid = reader) const {
    const auto applied = guard.apply(asked, peer(uid));
    return applied ? "not refused" : applied.error().message;
  }
  std::string record() const {
    std::ifstream file(folder_ + "/journal");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const Keeper keeper_;
  SeededRandom random_{1};
  ActionEnvironment environment_{clock_, random_, {}, {}};
};

TEST_F(Lending, goes_to_the_reader_that_asked_and_to_nobody_else) {
  const auto guard = open();
  // Who may stop a process may not read it; who approves may not either.
  EXPECT_NE(refusal_of(*guard, look("a"), 1000).find("(role)"), std::string::npos);
  EXPECT_NE(refusal_of(*guard, look("b"), 0).find("(role)"), std::string::npos);
  ASSERT_TRUE(guard->apply(look("k"), peer(reader)));
  policy_.readers.users.insert(3001);
  for (const std::uint32_t other : {0U, 1000U, 2000U, 3001U})
    EXPECT_EQ(guard->take("k", peer(other)).error().code, Code::denied) << other;
  const auto lent = guard->take("k", peer(reader));
  ASSERT_TRUE(lent) << lent.error().text();
  EXPECT_EQ(lent->size(), 2U);
  EXPECT_EQ(guard->take("k", peer(reader)).error().code, Code::conflict);
  EXPECT_NE(record().find("handed over to uid 3000"), std::string::npos);
  EXPECT_EQ(record().find(Keeper::secret()), std::string::npos);
}

TEST_F(Lending, a_reader_does_nothing_else) {
  const auto guard = open();
  EXPECT_NE(refusal_of(*guard, block("203.0.113.9", "a")).find("(role)"), std::string::npos);
  EXPECT_EQ(guard->undo("a", "so", peer(reader)).error().code, Code::not_found);
  const auto code = [&](const GuardRequest& question) {
    const auto said = parse_status(answer(*guard, render_request(question), peer(reader)).text);
    return said ? Code::failure : said.error().code;
  };
  GuardRequest asked;
  for (const auto kind : {GuardRequest::Kind::list, GuardRequest::Kind::status}) {
    asked.kind = kind;
    EXPECT_EQ(code(asked), Code::denied);
  }
  asked.kind = GuardRequest::Kind::rehearse;
  asked.request = block("203.0.113.9", "b");
  EXPECT_EQ(code(asked), Code::denied);
  asked.request = look("c");
  const auto said = parse_rehearsed(answer(*guard, render_request(asked), peer(reader)).text);
  ASSERT_TRUE(said) << said.error().text();
  EXPECT_EQ(said->verdict.kind, GuardVerdict::Kind::allowed);
  EXPECT_EQ(said->forecast.now.size(), 2U);
  EXPECT_TRUE(effects_.empty());
}

TEST_F(Lending, as_the_policy_allows) {
  policy_.modes["process.lend_memory"] = GuardMode::rehearse;
  auto guard = open();
  EXPECT_NE(refusal_of(*guard, look("a")).find("(mode)"), std::string::npos);
  EXPECT_NE(record().find("\"refused\""), std::string::npos);
  policy_.modes.clear();
  policy_.rule_modes["rule-1"] = GuardMode::observe;
  EXPECT_NE(refusal_of(*guard, look("b")).find("(mode)"), std::string::npos);
  policy_.rule_modes.clear();
  policy_.never_touch_programs = {read_process(keeper_.pid())->executable};
  EXPECT_NE(refusal_of(*guard, look("c")).find("on the never-touch list"), std::string::npos);
  policy_.never_touch_programs.clear();
  ActionRequest self = look("d");
  self.parameters = {{"pid", std::to_string(::getpid())}};
  EXPECT_NE(refusal_of(*guard, self).find("the responder itself"), std::string::npos);
  policy_.per_minute = 1;
  EXPECT_EQ(refusal_of(*guard, look("e")), "not refused");
  ASSERT_TRUE(guard->take("e", peer(reader)));
  EXPECT_NE(refusal_of(*guard, look("f")).find("(rate)"), std::string::npos);  // what was handed over counts, too
}

TEST_F(Lending, waits_for_an_approver_and_can_be_withdrawn) {
  policy_.modes["process.lend_memory"] = GuardMode::approve;
  const auto guard = open();
  EXPECT_EQ(guard->apply(look("k"), peer(reader))->outcome.state, Outcome::State::pending);
  EXPECT_EQ(guard->take("k", peer(reader)).error().code, Code::not_found);
  const auto approved = guard->approve("k", "look", peer(2000));
  ASSERT_TRUE(approved) << approved.error().text();
  EXPECT_EQ(guard->take("k", peer(2000)).error().code, Code::denied);
  EXPECT_EQ(guard->apply(look("k"), peer(reader))->outcome.state, Outcome::State::already);
  EXPECT_TRUE(guard->take("k", peer(reader)));
  EXPECT_EQ(guard->apply(look("m"), peer(reader))->outcome.state, Outcome::State::pending);
  EXPECT_EQ(guard->undo("m", "nobody waits", peer(3001)).error().code, Code::denied);
  EXPECT_TRUE(guard->undo("m", "nobody waits", peer(reader)));
  EXPECT_FALSE(guard->approve("m", "look", peer(2000)));
}

TEST_F(Lending, nothing_is_kept) {
  auto guard = open();
  ASSERT_TRUE(guard->apply(look("late"), peer(reader)));
  pass(std::chrono::minutes(2));
  guard->tick();
  EXPECT_EQ(guard->take("late", peer(reader)).error().code, Code::not_found);
  EXPECT_NE(record().find("nobody took it"), std::string::npos);
  // Each holds a copy of its own, also of the same process.
  ASSERT_TRUE(guard->apply(look("one"), peer(reader)));
  ASSERT_TRUE(guard->apply(look("two"), peer(reader)));
  std::vector<std::string> failed;
  EXPECT_EQ(guard->halt("stop", peer(0), failed).value(), 2U);
  EXPECT_EQ(guard->take("one", peer(reader)).error().code, Code::denied);
  ASSERT_TRUE(guard->resume("on", peer(2000)));
  for (const char* key : {"one", "two"}) EXPECT_EQ(guard->take(key, peer(reader)).error().code, Code::not_found);
  pass(std::chrono::minutes(2));
  ASSERT_TRUE(guard->apply(look("crash"), peer(reader)));
  guard = open();  // the responder ended, and its memory with it
  EXPECT_EQ(guard->ledger().find("crash")->state, EntryState::gone);
  EXPECT_EQ(guard->take("crash", peer(reader)).error().code, Code::not_found);
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) EXPECT_EQ(entry.path().filename(), "journal");
}

TEST_F(Lending, over_the_socket_with_its_descriptors) {
  policy_.readers.users = {::geteuid()};
  const auto guard = open();
  const std::string path = folder_ + "/socket";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  const OwnedDescriptor stop(::eventfd(0, EFD_CLOEXEC));
  Log log(clock_, LogLevel::error, LogPrefix::plain);
  GuardServer server(listener, *guard, log);
  std::thread serving([&] { server.run(stop.get(), [] {}); });
  {
    ResponderClient client(path);
    EXPECT_EQ(client.take("none").error().code, Code::not_found);
    const auto applied = client.apply(look("k"));
    EXPECT_TRUE(applied) << applied.error().text();
    auto lent = client.take("k");
    EXPECT_TRUE(lent) << lent.error().text();
    if (lent && lent->size() == 2) {
      const auto memory = LentMemory::open(std::move((*lent)[0]), std::move((*lent)[1]));
      EXPECT_TRUE(memory) << memory.error().text();
      EXPECT_EQ(memory ? memory->index().process.pid : 0, keeper_.pid());
    } else {
      ADD_FAILURE() << "two descriptors were expected";
    }
    EXPECT_EQ(client.take("k").error().code, Code::conflict);
    EXPECT_TRUE(client.rehearse(look("m")));  // the connection goes on
  }
  EXPECT_EQ(::eventfd_write(stop.get(), 1), 0);
  serving.join();
}

}  // namespace
}  // namespace tocsin::responders
