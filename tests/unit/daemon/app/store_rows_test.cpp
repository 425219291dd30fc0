// What the methods that only read a store answer: evidence, and alerts with the fields of their events.
#include <algorithm>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "daemon/app/evidence_methods.h"
#include "daemon/app/list_methods.h"
#include "daemon/app/vocabulary.h"
#include "daemon/store/vault/vault.h"
#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

struct Kept final : Reply {
  std::vector<json::object> rows;
  bool row(std::string_view text) override {
    rows.push_back(json::parse({text.data(), text.size()}).as_object());
    return true;
  }
  bool progress(std::string_view, std::uint64_t, std::uint64_t) override { return true; }
  void summary(std::string_view, std::string_view) override {}
  void summary(std::string_view, std::int64_t) override {}
  bool wait(Duration) override { return false; }
};

Result<void> ask(const MethodTable& methods, const std::string& name, const json::object& params, Kept& kept) {
  const Peer peer;
  Descriptors none;
  return methods.find(name)->handler(Call(name, peer, params, none), kept);
}

class EvidenceRows : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(VaultKey::generate(scratch_.path() / "key"));
    const auto key = VaultKey::load(scratch_.path() / "key");
    ASSERT_TRUE(key);
    store_ = Store::open(scratch_.path() / "store", OpenMode::create, clock_).value();
    Vault vault(*store_, *key, clock_);
    for (const char* text : {"<?php", "second"})
      ASSERT_TRUE(vault.put({.name = text}, as_bytes(text), {1000, 1000, "linh"}, "test"));
    add_evidence_methods(methods_, scratch_.path() / "store");
  }
  std::filesystem::path first_file() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch_.path() / "store/evidence"))
      if (entry.path().extension() == ".sealed") return entry.path();
    return {};
  }
  std::vector<std::string> verified(const json::object& params, Code expected) {
    Kept kept;
    const auto done = ask(methods_, "evidence.verify", params, kept);
    EXPECT_EQ(done ? Code{} : done.error().code, expected);
    std::vector<std::string> states;
    for (const auto& row : kept.rows) states.emplace_back(row.at("state").as_string());
    std::ranges::sort(states);
    return states;
  }

  samples::Scratch scratch_;
  ManualClock clock_{samples::at(0)};
  std::unique_ptr<Store> store_;
  MethodTable methods_;
};

TEST_F(EvidenceRows, are_listed_with_their_digest) {
  Kept kept;
  ASSERT_TRUE(ask(methods_, "evidence.list", {{"where", "name = second"}}, kept));
  ASSERT_EQ(kept.rows.size(), 1U);
  EXPECT_EQ(kept.rows.front().at("sha256").as_string(), json::string_view(render_digest(sha256(as_bytes("second")))));
  EXPECT_EQ(kept.rows.front().at("state").as_string(), "kept");
}

TEST_F(EvidenceRows, are_judged_by_digest_with_the_key_and_by_length_without) {
  const json::object with_key{{"key", (scratch_.path() / "key").string()}};
  EXPECT_EQ(verified(with_key, Code{}), (std::vector<std::string>{"ok", "ok"}));
  EXPECT_EQ(verified({}, Code{}), (std::vector<std::string>{"sealed", "sealed"}));
  // One byte turned around: the length is as it was, the digest is not.
  {
    std::fstream file(first_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(-1, std::ios::end);
    const auto last = file.get();
    file.seekp(-1, std::ios::end);
    file.put(static_cast<char>(last ^ 1));
  }
  EXPECT_EQ(verified(with_key, Code::conflict), (std::vector<std::string>{"failed", "ok"}));
  std::filesystem::resize_file(first_file(), 20);
  EXPECT_EQ(verified({}, Code::conflict), (std::vector<std::string>{"failed", "sealed"}));
  std::filesystem::remove(first_file());
  EXPECT_EQ(verified({}, Code::conflict), (std::vector<std::string>{"missing", "sealed"}));
}

TEST(Vocabulary, an_alert_answers_for_the_fields_of_its_event_and_of_its_flow) {
  auto alert = json::parse(R"({"host.name":"web1","fields":{"host.name":"other","user.name":"root"},
                              "packet":{"source_ip":"203.0.113.9","destination_port":80}})")
                   .as_object();
  widen_alert(alert);
  EXPECT_EQ(alert.at("host.name").as_string(), "web1");
  EXPECT_EQ(alert.at("user.name").as_string(), "root");
  EXPECT_EQ(alert.at("source.ip").as_string(), "203.0.113.9");
  EXPECT_EQ(alert.at("destination.port").as_int64(), 80);
}

TEST(Vocabulary, every_member_of_an_alert_is_listed) {
  auto alert = samples::make_alert({.attack = {"T1110"}, .exercise = Exercise::yes});
  alert.original = "line";
  alert.packet.emplace();
  alert.packet->application = "http";
  alert.packet->transaction = 1;
  const auto row = json::parse(rules::render_json(alert)).as_object();
  const FieldNames names;
  const auto known = all_fields(names);
  const auto is_known = [&](const std::string& name) {
    return std::ranges::find(known, name, &DescribedField::name) != known.end();
  };
  for (const auto& member : row) EXPECT_TRUE(is_known(std::string(member.key()))) << member.key();
  for (const auto& member : row.at("packet").as_object())
    EXPECT_TRUE(is_known("packet." + std::string(member.key()))) << member.key();
}

TEST(ListMethods, a_name_of_a_product_is_known_once_the_store_has_it) {
  const samples::Scratch scratch;
  const ManualClock clock(samples::at(0));
  const FieldNames names;
  MethodTable methods;
  add_list_methods(methods, names, scratch.path());
  const auto found = [&](const char* name) {
    Kept kept;
    EXPECT_TRUE(ask(methods, "list.fields", {{"name", json::array{name}}}, kept));
    return kept.rows.size();
  };
  EXPECT_EQ(found("source.ip"), 1U);
  EXPECT_EQ(found("acme.colour"), 0U);
  auto store = Store::open(scratch.path(), OpenMode::create, clock).value();
  auto alert = samples::make_alert({});
  alert.fields = {{"acme.colour", "red"}};
  ASSERT_TRUE(store->begin() && store->add(alert) && store->commit());
  EXPECT_EQ(found("acme.colour"), 1U);
}

}  // namespace
}  // namespace tocsin::daemon
