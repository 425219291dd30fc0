// Bundles judged by the rules of STIX 2.1: properties that each type must have, forms of ids and times, and that every
// reference leads somewhere.
#include "responders/incident/stix.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <regex>
#include <set>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/name_uuid.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::responders {
namespace {

using namespace samples;
namespace json = boost::json;

// Sections 4.3, 4.4, 4.5, 4.6, 4.7, 4.14, 5.1, 5.2, 6.4, 6.5, 6.7, 6.9, 6.10, 6.17, 7.2.1.
const std::map<std::string, std::vector<std::string>, std::less<>> required{
    {"attack-pattern", {"name"}},
    {"course-of-action", {"name"}},
    {"identity", {"name"}},
    {"incident", {"name"}},
    {"indicator", {"pattern", "pattern_type", "valid_from"}},
    {"observed-data", {"first_observed", "last_observed", "number_observed", "object_refs"}},
    {"relationship", {"relationship_type", "source_ref", "target_ref"}},
    {"sighting", {"sighting_of_ref"}},
    {"directory", {"path"}},
    {"domain-name", {"value"}},
    {"file", {}},
    {"ipv4-addr", {"value"}},
    {"ipv6-addr", {"value"}},
    {"user-account", {}},
    {"marking-definition", {"created", "name", "extensions"}}};
const std::set<std::string, std::less<>> observables{"directory", "domain-name", "file",
                                                     "ipv4-addr", "ipv6-addr",   "user-account"};

std::string text(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr || !value->is_string() ? std::string{} : std::string(value->get_string());
}

void each_reference(const json::object& object, const std::function<void(std::string_view, std::string)>& take) {
  for (const auto& [name, value] : object) {
    const std::string_view key = name;
    if (key.ends_with("_ref")) take(key, std::string(value.as_string()));
    if (!key.ends_with("_refs")) continue;
    EXPECT_FALSE(value.as_array().empty()) << key;  // section 3.2: a list is not empty
    for (const auto& item : value.as_array()) take(key, std::string(item.as_string()));
  }
}

void judge_object(const json::object& object) {
  static const std::regex id_form(
      "([a-z0-9-]+)--[0-9a-f]{8}-[0-9a-f]{4}-([45])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  static const std::regex time_form(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)");
  const auto type = text(object, "type");
  const auto id = text(object, "id");
  std::smatch parts;
  ASSERT_TRUE(std::regex_match(id, parts, id_form)) << id;
  EXPECT_EQ(parts[1], type);
  EXPECT_EQ(text(object, "spec_version"), "2.1") << id;
  const auto row = required.find(type);
  ASSERT_NE(row, required.end()) << type;
  for (const auto& name : row->second) EXPECT_TRUE(object.contains(name)) << id << " lacks " << name;
  const bool versioned = !observables.contains(type) && type != "marking-definition";
  for (const auto* name : {"created", "modified"}) {
    EXPECT_EQ(object.contains(name), versioned || (type == "marking-definition" && name == std::string_view("created")))
        << id << ' ' << name;
    if (object.contains(name)) {
      EXPECT_TRUE(std::regex_match(text(object, name), time_form)) << id;
    }
  }
  EXPECT_LE(text(object, "created"), versioned ? text(object, "modified") : "9") << id;
  EXPECT_LE(text(object, "first_observed"), text(object, "last_observed")) << id;
  EXPECT_LE(text(object, "first_seen"), text(object, "last_seen")) << id;
  if (type == "observed-data") {
    EXPECT_GE(object.at("number_observed").to_number<std::int64_t>(), 1);
  }
}

std::map<std::string, json::object> judge(const std::string& bundle) {
  const json::value root = json::parse(bundle);
  EXPECT_EQ(text(root.as_object(), "type"), "bundle");
  std::map<std::string, json::object> objects;
  for (const auto& value : root.at("objects").as_array()) {
    const auto& object = value.as_object();
    judge_object(object);
    EXPECT_TRUE(objects.emplace(text(object, "id"), object).second) << text(object, "id") << " stands twice";
  }
  for (const auto& [id, object] : objects)
    each_reference(object, [&, &from = id](std::string_view name, const std::string& to) {
      EXPECT_TRUE(objects.contains(to)) << from << ' ' << name << " leads to " << to << ", which is not there";
      if (name == "object_refs") {
        EXPECT_TRUE(observables.contains(to.substr(0, to.find("--")))) << to;
      }
      if (name == "object_marking_refs") {
        EXPECT_TRUE(to.starts_with("marking-definition--")) << to;
      }
      if (name == "created_by_ref" || name == "where_sighted_refs") {
        EXPECT_TRUE(to.starts_with("identity--")) << to;
      }
      if (name == "observed_data_refs") {
        EXPECT_TRUE(to.starts_with("observed-data--")) << to;
      }
    });
  return objects;
}

std::vector<json::object> of_type(const std::map<std::string, json::object>& objects, std::string_view type) {
  std::vector<json::object> out;
  for (const auto& [id, object] : objects)
    if (text(object, "type") == type) out.push_back(object);
  return out;
}

StixMaterial material(const std::vector<AlertRecipe>& recipes) {
  StixMaterial out;
  auto& incident = out.incident;
  incident.id = IncidentId{*parse_uuid("019331c4-7a40-7c3e-9d2b-5f6a7b8c9d0e")};
  incident.alias = "INC-2026-0007";
  incident.title = "Guessed \"passwords\"\x1b[31m";
  incident.host = "web1";
  incident.organization = "Sở Y tế";
  incident.times.opened = at(5);
  incident.times.first_event = at(0);
  incident.times.last_event = at(60);
  incident.updated = at(90) + std::chrono::microseconds(1234567);
  for (const auto& recipe : recipes) {
    const auto alert = make_alert(recipe);
    incident.alerts.push_back(summarize(alert));
    incident.tlp = std::max(incident.tlp, recipe.tlp);
    ++incident.alert_count;
    out.details.push_back(alert);
  }
  return out;
}

const std::vector<AlertRecipe> guesses{
    {.second = 0, .attack = {"credential-access", "T1110.001"}, .entities = {from("203.0.113.9"), user("de\"ploy")}},
    {.rule = "other",
     .second = 9,
     .attack = {"T1110.001"},
     .entities = {from("203.0.113.9"), from("10.1.1.1"), from("2001:db8::7")},
     .tlp = rules::Tlp::amber},
    {.rule = "shell",
     .second = 60,
     .severity = 80,
     .attack = {"T1505.003"},
     .entities = {file("/srv/up/\x1b[31mx.php"), file("loader.exe")},
     .tlp = rules::Tlp::red}};

TEST(Stix, ids_of_observables_are_those_of_the_standard) {
  const Uuid space = *parse_uuid("00abedb4-aa42-466c-9c01-fed23315a9b7");
  EXPECT_EQ(render_uuid(make_uuid5(space, R"({"value":"198.51.100.3"})")), "28bb3599-77cd-5a82-a950-b5bc3caf07c4");
  const auto objects = judge(render_stix(material({{.entities = {from("198.51.100.3")}}})));
  EXPECT_TRUE(objects.contains("ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"));
  EXPECT_EQ(render_uuid(make_uuid5(*parse_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com")),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2");  // RFC 9562, appendix A.4
}

TEST(Stix, a_bundle_keeps_the_rules_of_the_standard) {
  auto all = material(guesses);
  all.deeds.push_back({at(30), "SSH guessing", "Block it", "network.block_address", "203.0.113.9 for 1h"});
  const auto objects = judge(render_stix(all));
  EXPECT_EQ(of_type(objects, "incident").size(), 1U);
  EXPECT_EQ(of_type(objects, "observed-data").size(), 3U);
  EXPECT_EQ(of_type(objects, "course-of-action").size(), 1U);
  EXPECT_EQ(of_type(objects, "attack-pattern").size(), 2U);
  EXPECT_EQ(of_type(objects, "marking-definition").size(), 2U);
  std::set<std::string> patterns;
  for (const auto& indicator : of_type(objects, "indicator")) patterns.insert(text(indicator, "pattern"));
  EXPECT_EQ(patterns,
            (std::set<std::string>{"[ipv4-addr:value = '203.0.113.9']", "[ipv6-addr:value = '2001:db8::7']"}));
  EXPECT_EQ(of_type(objects, "sighting").size(), 3U);
  EXPECT_EQ(text(of_type(objects, "incident").front(), "name"), "Guessed \"passwords\"\\x1b[31m");
}

TEST(Stix, what_several_alerts_know_is_marked_as_the_least_strict) {
  const auto objects = judge(render_stix(material(guesses)));
  for (const auto& indicator : of_type(objects, "indicator"))
    EXPECT_EQ(indicator.contains("object_marking_refs"), text(indicator, "name").starts_with("ipv6")) << indicator;
}

TEST(Stix, a_second_time_it_is_a_newer_version_of_the_same) {
  auto later = material(guesses);
  const auto first = judge(render_stix(later));
  EXPECT_EQ(render_stix(later), render_stix(material(guesses)));
  later.incident.state = IncidentState::closed;
  later.incident.verdict = Verdict::true_positive;
  later.incident.updated += std::chrono::hours(1);
  const auto second = judge(render_stix(later));
  ASSERT_EQ(first.size(), second.size());
  for (const auto& [id, object] : first) {
    ASSERT_TRUE(second.contains(id)) << id;
    EXPECT_EQ(text(object, "created"), text(second.at(id), "created")) << id;
    if (object != second.at(id)) {
      EXPECT_LT(text(object, "modified"), text(second.at(id), "modified")) << id;
    }
  }
}

TEST(Stix, what_was_no_attack_is_nothing_to_look_for) {
  auto wrong = material(guesses);
  wrong.incident.verdict = Verdict::false_positive;
  EXPECT_TRUE(of_type(judge(render_stix(wrong)), "indicator").empty());
  auto forged = material(guesses);
  for (auto& alert : forged.incident.alerts) alert.facts.source = SourceTrust::forgeable;
  EXPECT_TRUE(of_type(judge(render_stix(forged)), "indicator").empty());
}

TEST(Stix, what_is_left_out_is_told) {
  const auto objects = judge(render_stix(material(guesses), 1));
  EXPECT_EQ(of_type(objects, "observed-data").size(), 1U);
  EXPECT_EQ(of_type(objects, "file").size(), 2U);  // of the most severe
  EXPECT_NE(text(of_type(objects, "incident").front(), "description").find("2 less severe ones"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::responders
