#include "daemon/app/evidence/evidence_book.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <filesystem>

#include "collectors/base/base64.h"
#include "collectors/packet/capture/pcapng.h"
#include "daemon/app/evidence/evidence_export.h"
#include "daemon/app/keeper.h"
#include "daemon/store/reader.h"
#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using responders::CustodyAct;

class EvidenceBookTest : public ::testing::Test {
 protected:
  void SetUp() override {
    KeeperOptions options{scratch_.path(), {}, {}, responders::IncidentIds::random(random_), {}};
    options.store.free_least = 0;
    auto keeper = Keeper::open(std::move(options), clock_, names_);
    ASSERT_TRUE(keeper.has_value()) << keeper.error().text();
    keeper_ = std::move(*keeper);
  }
  void open(std::uint64_t most) {
    auto key = find_vault_key("", scratch_.path(), MakeKey::yes);
    ASSERT_TRUE(key) << key.error().text();
    book_ = std::make_unique<EvidenceBook>(keeper_->store(), keeper_->casework(), *key, clock_,
                                           EvidenceBookOptions{most, "web1", {0, responders::Actor::nobody, "test"}},
                                           [this](const auto& work) { return keeper_->in_transaction(work); });
  }
  // An alert of its own incident, and the packets of its flow.
  TakenEvidence alert_with_packets(const std::string& host, std::size_t bytes) {
    auto alert = samples::make_alert({.second = ++second_, .host = host});
    clock_.advance_to(alert.time);
    keeper_->raise(alert);
    const auto filed = keeper_->checkpoint();
    EXPECT_TRUE(filed && filed->filed.size() == 1);
    incident_ = filed->filed.front().taken.incident;
    TakenEvidence capture;
    capture.alerts = {alert.id};
    capture.name = "tcp to " + host;
    capture.packets = 1;
    collectors::PcapngWriter writer("");
    const std::string payload(bytes, 'p');
    writer.packet(writer.interface(1, "eth0", "community_id 1:x="), alert.time, static_cast<std::uint32_t>(bytes),
                  as_bytes(host + payload));
    capture.bytes = writer.take();
    return capture;
  }
  void close(IncidentId incident) {
    ASSERT_TRUE(keeper_->casework().command(
        incident, responders::command::Close{responders::Verdict::false_positive, "a test"}, {0, 0, "test"}));
  }
  std::vector<responders::Evidence> listed(IncidentId incident) {
    return keeper_->store().records().evidence_of(incident).value();
  }

  samples::Scratch scratch_;
  ManualClock clock_;
  SeededRandom random_{7};
  FieldNames names_;
  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<EvidenceBook> book_;
  IncidentId incident_;
  std::int64_t second_ = 0;
};

TEST_F(EvidenceBookTest, packets_of_an_alert_are_evidence_of_its_incident) {
  open(0);
  ASSERT_TRUE(book_->keep(alert_with_packets("web1", 100)));
  EXPECT_EQ(book_->counters().kept, 1U);
  const auto pieces = listed(incident_);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].name, "1 packet of tcp to web1");
  EXPECT_EQ(keeper_->casework().incident(incident_)->evidence.size(), 1U);
  const auto bytes = book_->vault().get(pieces[0].digest, {0, 0, "test"}, "look");
  ASSERT_TRUE(bytes);
  const auto alias = keeper_->casework().incident(incident_)->alias;
  EXPECT_NE(as_text(*bytes).find("incident " + alias), std::string_view::npos);
}

TEST_F(EvidenceBookTest, packets_nobody_has_an_incident_for_are_not_kept) {
  open(0);
  auto capture = alert_with_packets("web1", 100);
  capture.alerts = {hash128("never stored")};
  ASSERT_TRUE(book_->keep(std::move(capture)));
  EXPECT_EQ(book_->counters().unwanted, 1U);
  EXPECT_TRUE(listed({}).empty());
}

TEST_F(EvidenceBookTest, the_oldest_of_closed_incidents_goes_first_and_it_is_on_record) {
  open(10'000);
  std::vector<IncidentId> incidents;
  for (const auto* host : {"a", "b", "c"}) {
    ASSERT_TRUE(book_->keep(alert_with_packets(host, 2'800)));
    incidents.push_back(incident_);
  }
  close(incidents[1]);
  close(incidents[2]);
  ASSERT_TRUE(book_->keep(alert_with_packets("d", 2'800)));
  EXPECT_EQ(book_->counters().removed, 1U);
  EXPECT_LE(book_->bytes(), 10'000U);
  const auto gone = listed(incidents[1]);
  ASSERT_EQ(gone.size(), 1U);
  const auto custody = book_->vault().custody(gone[0].digest).value();
  EXPECT_EQ(custody.back().act, CustodyAct::removed);
  EXPECT_FALSE(check_sealed(scratch_.path(), gone[0], nullptr));
  for (const auto kept : {incidents[0], incidents[2], incident_})
    EXPECT_TRUE(check_sealed(scratch_.path(), listed(kept)[0], nullptr));
  const auto reader = StoreReader::open(scratch_.path()).value();
  bool audited = false;
  const auto entries = reader->audit(Time{}, Time::max(), 100).value();
  for (const auto& entry : entries) audited = audited || entry.act == "evidence.removed";
  EXPECT_TRUE(audited);
}

TEST_F(EvidenceBookTest, evidence_of_open_incidents_never_goes) {
  open(7'000);
  for (const auto* host : {"a", "b"}) ASSERT_TRUE(book_->keep(alert_with_packets(host, 2'800)));
  const auto refused = book_->keep(alert_with_packets("c", 2'800));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::exhausted);
  EXPECT_EQ(book_->counters().refused, 1U);
  EXPECT_EQ(book_->counters().removed, 0U);
  EXPECT_EQ(listed({}).size(), 2U);
}

struct Answer final : Reply {
  std::string bytes;
  bool row(std::string_view text) override {
    const auto row = json::parse({text.data(), text.size()}).as_object();
    bytes += parse_base64(std::string_view(row.at("data").as_string())).value();
    return true;
  }
  bool progress(std::string_view, std::uint64_t, std::uint64_t) override { return true; }
  void summary(std::string_view, std::string_view) override {}
  void summary(std::string_view, std::int64_t) override {}
  bool wait(Duration) override { return false; }
};

TEST_F(EvidenceBookTest, an_analyst_gets_the_packets_and_that_is_in_custody) {
  open(0);
  ASSERT_TRUE(book_->keep(alert_with_packets("web1", 500'000)));
  MethodTable methods;
  add_evidence_export(methods, scratch_.path(), [&](const auto& work) { return work(book_->vault()); });
  const auto* method = methods.find("evidence.pcap");
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->least, Role::analyst);
  const auto alias = keeper_->casework().incident(incident_)->alias;
  const Peer peer;
  Descriptors none;
  Answer answer;
  const json::object params{{"incident", alias}, {"reason", "for the report"}};
  const auto done = method->handler(Call("evidence.pcap", peer, params, none), answer);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_GT(answer.bytes.size(), 500'000U);
  const auto custody = book_->vault().custody(listed(incident_)[0].digest).value();
  EXPECT_EQ(custody.back().act, CustodyAct::exported);
  EXPECT_EQ(custody.back().reason, "for the report");
  const auto unknown = method->handler(Call("evidence.pcap", peer, {{"incident", "INC-2020-0001"}}, none), answer);
  EXPECT_FALSE(unknown);
}

}  // namespace
}  // namespace tocsin::daemon
