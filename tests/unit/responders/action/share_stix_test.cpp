#include "responders/action/share_stix/share_stix.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "collectors/base/digest.h"
#include "responders/action/share_stix/limit.h"
#include "tests/unit/responders/action/http_server.h"

namespace tocsin::responders {
namespace {

constexpr const char* marked_amber =
    R"("object_marking_refs":["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"])";

std::string bundle() {
  return fmt::format(
      R"({{"type":"bundle","id":"bundle--1","objects":[)"
      R"({{"type":"marking-definition","id":"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"}},)"
      R"({{"type":"identity","id":"identity--a"}},{{"type":"identity","id":"identity--b"}},)"
      R"({{"type":"incident","id":"incident--1","name":"Secret","created_by_ref":"identity--a",{0},)"
      R"("external_references":[{{"source_name":"tocsin","external_id":"INC-2026-0001"}}]}},)"
      R"({{"type":"indicator","id":"indicator--1","created_by_ref":"identity--a","name":"open"}},)"
      R"({{"type":"indicator","id":"indicator--2","created_by_ref":"identity--a","name":"hidden",{0}}},)"
      R"({{"type":"indicator","id":"indicator--3","name":"custom","object_marking_refs":["marking-definition--9"]}},)"
      R"({{"type":"sighting","id":"sighting--1","sighting_of_ref":"indicator--2","where_sighted_refs":["identity--b"],{0}}}]}})",
      marked_amber);
}

TEST(LimitStix, what_is_marked_stricter_stays_with_what_only_it_names) {
  const auto all = limit_stix(bundle(), rules::Tlp::amber);
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->withheld, 1U);  // a marking of others lets nobody through that we know of
  EXPECT_NE(all->text.find("Secret"), std::string::npos);
  const auto open = limit_stix(bundle(), rules::Tlp::green);
  ASSERT_TRUE(open.has_value());
  EXPECT_EQ(open->withheld, 4U);
  EXPECT_EQ(open->indicators, 1U);
  EXPECT_EQ(open->objects, 3U);
  EXPECT_NE(open->text.find("INC-2026-0001: withheld, TLP:AMBER"), std::string::npos);
  for (const char* gone : {"Secret", "hidden", "identity--b", "55d920b0"})
    EXPECT_EQ(open->text.find(gone), std::string::npos) << gone;
  for (const char* bad : {"", "[]", "{\"type\":\"bundle\"}", "{\"type\":\"bundle\",\"objects\":[1]}"})
    EXPECT_FALSE(limit_stix(bad, rules::Tlp::red).has_value()) << bad;
}

class ShareStixTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/tocsin-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    environment_.documents_directory = name + "/documents";
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  NotifyChannel& channel(NotifyChannel::Kind kind, std::string url) {
    NotifyChannel& out = environment_.channels.all.emplace_back();
    out.name = "partners";
    out.kind = kind;
    out.url = std::move(url);
    out.timeout = std::chrono::milliseconds(500);
    return out;
  }
  Result<Outcome> share() {
    action_ = make_share_stix(environment_);
    EXPECT_TRUE(action_->keep(bundle()).has_value());
    return action_->apply(parameters(), "run-1:1");
  }
  Parameters parameters() const {
    return *parse_parameters(share_stix_spec, {{"channel", "partners"},
                                               {"incident", "INC-2026-0001"},
                                               {"bundle", render_digest(sha256(as_bytes(bundle())))}});
  }

  ManualClock clock_{Time{}};
  SeededRandom random_{1};
  ActionEnvironment environment_{clock_, random_, {}, {}};
  std::unique_ptr<Action> action_;
  std::string folder_;
};

TEST_F(ShareStixTest, a_webhook_gets_the_bundle_and_a_collection_an_envelope) {
  HttpServer server([](const std::string&) { return HttpServer::answer("202 Accepted", R"({"failure_count":0})"); });
  channel(NotifyChannel::Kind::webhook, server.url("/in")).password = "token";
  auto shared = share();
  ASSERT_TRUE(shared.has_value()) << shared.error().text();
  EXPECT_EQ(shared->summary,
            "INC-2026-0001 shared with partners: 6 objects, 2 indicators; 1 withheld, the channel is "
            "told TLP:AMBER at most");
  environment_.channels.all.clear();
  channel(NotifyChannel::Kind::taxii, server.url("/root/collections/1/objects/")).max_tlp = rules::Tlp::green;
  ASSERT_TRUE(share().has_value());
  const auto said = server.requests();
  ASSERT_EQ(said.size(), 2U);
  EXPECT_NE(said[0].find("Content-Type: application/stix+json;version=2.1\r\n"), std::string::npos);
  EXPECT_NE(said[0].find("Authorization: Bearer token\r\n"), std::string::npos);
  EXPECT_NE(said[0].find("Idempotency-Key: run-1:1\r\n"), std::string::npos);
  EXPECT_NE(said[0].find(R"("type":"bundle")"), std::string::npos);
  EXPECT_NE(said[1].find("Accept: application/taxii+json;version=2.1\r\n"), std::string::npos);
  EXPECT_NE(said[1].find("\r\n\r\n{\"objects\":["), std::string::npos);
  EXPECT_EQ(said[1].find("Secret"), std::string::npos);
}

TEST_F(ShareStixTest, what_was_not_taken_is_no_success) {
  std::string answer;
  HttpServer server([&](const std::string&) { return answer; });
  channel(NotifyChannel::Kind::taxii, server.url("/objects/"));
  const auto failure = [&](std::string text) {
    answer = std::move(text);
    const auto shared = share();
    EXPECT_FALSE(shared.has_value()) << answer;
    return shared ? Code::failure : shared.error().code;
  };
  EXPECT_EQ(failure(HttpServer::answer("202 Accepted", R"({"failure_count":2})")), Code::partial);
  EXPECT_EQ(failure(HttpServer::answer("500 Oh", "")), Code::denied);
  EXPECT_EQ(failure(HttpServer::answer("302 Away", "", "Location: http://127.0.0.1:9/\r\n")), Code::denied);
  EXPECT_EQ(failure(""), Code::timed_out);
}

TEST_F(ShareStixTest, only_the_document_that_was_asked_for_goes_out) {
  HttpServer server([](const std::string&) { return HttpServer::answer("200 OK", ""); });
  channel(NotifyChannel::Kind::webhook, server.url("/"));
  action_ = make_share_stix(environment_);
  ASSERT_TRUE(action_->keep(bundle()).has_value());
  std::ofstream(environment_.documents_directory + "/" + parameters().text("bundle")) << "changed";
  EXPECT_EQ(action_->apply(parameters(), "k").error().code, Code::conflict);
  std::filesystem::remove_all(environment_.documents_directory);
  EXPECT_FALSE(action_->apply(parameters(), "k").has_value());
  EXPECT_TRUE(server.requests().empty());
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(action_->keep(std::to_string(i)).has_value());
  const auto kept = std::filesystem::directory_iterator(environment_.documents_directory);
  EXPECT_EQ(std::distance(begin(kept), end(kept)), 256);
}

TEST_F(ShareStixTest, a_channel_that_takes_no_bundle_is_an_obstacle) {
  channel(NotifyChannel::Kind::syslog, "/dev/log");
  EXPECT_EQ(share().error().code, Code::invalid);
  EXPECT_FALSE(action_->rehearse(parameters())->obstacle.empty());
  environment_.channels.all.clear();
  EXPECT_EQ(share().error().code, Code::not_found);
}

}  // namespace
}  // namespace tocsin::responders
