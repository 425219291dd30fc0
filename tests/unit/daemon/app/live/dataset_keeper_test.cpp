// Data sets that rules fill are on disk after a save, go on over a reload, and are read again at the next start.
#include "daemon/app/live/dataset_keeper.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::daemon {
namespace {

namespace fs = std::filesystem;
using rules::signature::testing::Bench;
using rules::signature::testing::FakeTransaction;

struct DatasetKeeperTest : ::testing::Test {
  fs::path folder = fs::temp_directory_path() / ("tocsin-datasets-" + std::to_string(::getpid()));
  ManualClock clock{Time{std::chrono::hours(1)}};
  Log log{clock, LogLevel::error, LogPrefix::plain};
  FieldNames names;

  void SetUp() override { fs::create_directories(folder); }
  void TearDown() override { fs::remove_all(folder); }

  Engines load(const std::string& rule) const {
    std::ofstream(folder / "own.rules") << rule << '\n';
    EngineOptions options;
    options.paths = {(folder / "own.rules").string()};
    options.datasets.directory = (folder / "sets").string();
    Diagnostics diagnostics;
    auto engines = Engines::load(options, diagnostics);
    EXPECT_TRUE(diagnostics.all().empty());
    return engines;
  }
  // One worker sees a question for this name.
  void ask(Engines& engines, const std::string& name) {
    auto& active = engines.active().front();
    auto detector = active.set->attach({names, 0, 1, "host"}, *active.state);
    rules::signature::testing::Collect alerts;
    auto* observer = detector->observer(alerts);
    observer->attached(0);
    auto flow = Bench::flow(collectors::Protocol::dns, 17);
    FakeTransaction question(collectors::Protocol::dns);
    question.add(collectors::Buffer::dns_query, collectors::Direction::to_server, name);
    collectors::Packet packet;
    packet.flow = &flow;
    packet.protocol = 17;
    packet.ip_version = 4;
    packet.source = flow.client.address;
    packet.destination = flow.server.address;
    observer->on_transaction({flow, question, collectors::Direction::to_server, &packet});
    observer->on_packet(packet);
    observer->on_flow_end(flow, collectors::FlowEnd::shutdown);
  }
  std::string text() const {
    std::ifstream in(folder / "sets" / "seen.lst");
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

constexpr auto rule = "alert dns any any -> any any (dns.query; dataset:set,seen,type string,state seen.lst; sid:1;)";
constexpr auto first = "YS50ZXN0\n", both = "YS50ZXN0\nYi50ZXN0\n";  // a.test, b.test

TEST_F(DatasetKeeperTest, WritesWhatChanged) {
  DatasetKeeper keeper(log);
  auto engines = load(rule);
  keeper.save(engines);
  EXPECT_FALSE(fs::exists(folder / "sets"));  // nothing to keep yet
  ask(engines, "a.test");
  keeper.save(engines);
  EXPECT_EQ(text(), first);
  fs::remove(folder / "sets" / "seen.lst");
  keeper.save(engines);
  EXPECT_FALSE(fs::exists(folder / "sets" / "seen.lst"));  // nothing new since
  ask(engines, "b.test");
  keeper.save(engines);
  EXPECT_EQ(text(), both);
}

TEST_F(DatasetKeeperTest, GoesOnOverAReloadAndAStart) {
  DatasetKeeper keeper(log);
  auto old = load(rule);
  ask(old, "a.test");
  keeper.save(old);
  auto next = load(rule);
  ask(old, "b.test");  // while the new rules were read
  next.inherit(old);
  keeper.save(next);
  EXPECT_EQ(text(), both);
  auto started = load(rule);
  DatasetKeeper fresh(log);
  ask(started, "a.test");  // known already
  fresh.save(started);
  EXPECT_EQ(text(), both);
}

TEST_F(DatasetKeeperTest, SeldomMeansSeldom) {
  DatasetKeeper keeper(log);
  auto engines = load(rule);
  const Time now{std::chrono::hours(1)};
  keeper.save_seldom(engines, now);
  ask(engines, "a.test");
  keeper.save_seldom(engines, now + std::chrono::minutes(1));
  EXPECT_EQ(text(), "");
  keeper.save_seldom(engines, now + DatasetKeeper::every);
  EXPECT_EQ(text(), first);
}

TEST_F(DatasetKeeperTest, AFolderThatCannotBeMadeIsNoEnd) {
  std::ofstream(folder / "sets") << "in the way";
  DatasetKeeper keeper(log);
  auto engines = load(rule);
  ask(engines, "a.test");
  keeper.save(engines);
  EXPECT_TRUE(fs::is_regular_file(folder / "sets"));
}

}  // namespace
}  // namespace tocsin::daemon
