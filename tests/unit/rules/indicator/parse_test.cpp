#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/indicator/parse/csv_header.h"
#include "rules/indicator/parse/intake.h"
#include "rules/indicator/parse/stix_pattern.h"
#include "rules/indicator/rule_set.h"

namespace tocsin::rules::indicator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

struct Loaded {
  std::shared_ptr<const IndicatorSet> set;
  Diagnostics diagnostics;

  explicit Loaded(std::string text, const IndicatorOptions& options = {}, std::string file = "list") {
    const std::vector<RuleSource> sources{{std::move(file), std::move(text)}};
    set = compile_indicators(sources, options, diagnostics);
  }
  std::set<std::string> values() const {
    std::set<std::string> out;
    for (std::size_t i = 0; i < set->size(); ++i) {
      const auto row = set->row(i);
      out.insert(std::string(row.kind) + " " + row.value + (row.reach == Reach::subdomains ? " +" : ""));
    }
    return out;
  }
  std::vector<std::string> codes() const {
    std::vector<std::string> out;
    for (const auto& d : diagnostics.all()) out.push_back(d.code + ":" + std::to_string(d.line));
    return out;
  }
};

// --- plain text

TEST(Plain, values_comments_and_settings) {
  const Loaded loaded(
      "\xEF\xBB\xBF# a list\r\n"
      "203.0.113.99 ; SBL1\r\n"
      "evil.example\r\n"
      "; tocsin: confidence=90 tlp=amber until=2026-12-31 match=exact title=\"a family\"\n"
      "other.example # seen\n"
      "// nothing\n"
      "\n"
      "0.0.0.0 tracker.example ads.example # hosts\n"
      "||blocked.example^\n"
      "198.51.100.7;text\n");
  EXPECT_THAT(loaded.values(),
              UnorderedElementsAre("address 203.0.113.99", "domain evil.example +", "domain other.example",
                                   "domain tracker.example", "domain ads.example", "domain blocked.example +",
                                   "address 198.51.100.7"));
  EXPECT_THAT(loaded.codes(), IsEmpty());
  EXPECT_EQ(loaded.set->row(0).title, "SBL1");
  EXPECT_EQ(loaded.set->row(0).confidence, 50);
  const auto other = loaded.set->row(2);
  EXPECT_EQ(other.title, "seen");
  EXPECT_EQ(other.confidence, 90);
  EXPECT_EQ(other.tlp, Tlp::amber);
  EXPECT_EQ(render_time(*other.until), "2026-12-31T00:00:00.000Z");
  EXPECT_EQ(other.line, 5U);
}

TEST(Plain, bad_lines_are_named_and_the_rest_is_loaded) {
  const Loaded loaded(
      "not a value\n"
      "evil.example\n"
      "999.1.1.1\n"
      "# tocsin: confidence=200 nonsense=1\n"
      "com\n"
      "co.uk\n"
      "0.0.0.0/0\n"
      "198.0.0.0/9\n"
      "192.168.1.1\n"
      "10.1.0.0/16\n"
      "github.io\n"
      "other.example");
  EXPECT_THAT(loaded.values(), UnorderedElementsAre("domain evil.example +", "network 198.0.0.0/9", "domain github.io",
                                                    "domain other.example +"));
  EXPECT_THAT(loaded.codes(), ElementsAre("I0003:1", "I0001:3", "I0006:4", "I0006:4", "I0003:5", "I0003:6", "I0003:7",
                                          "I0004:8", "I0002:9", "I0002:10", "I0004:11"));
}

TEST(Plain, remarks_of_one_source_are_capped) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "!\n";
  const Loaded loaded(text + "evil.example\n");
  EXPECT_THAT(loaded.values(), SizeIs(1));
  EXPECT_EQ(loaded.diagnostics.all().size(), Intake::diagnostics_most + 1);
  EXPECT_EQ(loaded.set->loads().front().refused, 500U);
}

TEST(Plain, hostile_texts_are_read) {
  for (const auto& text : {std::string(), std::string(1, '\0'), std::string(100'000, 'a'), std::string(100'000, '\n'),
                           std::string("# tocsin: title=\""), std::string("0.0.0.0 "), std::string("||"),
                           std::string("\xff\xff\xff\n"), std::string("# tocsin: =\n#tocsin:\n")})
    EXPECT_THAT(Loaded(text).values(), IsEmpty());
}

// --- the allow-list and the cap

TEST(AllowList, ours_never_alert) {
  IndicatorOptions options;
  options.allow = {"example.org", "198.51.100.0/24", "nonsense entry"};
  options.own_networks = {*parse_network("203.0.113.0/24", HostBits::clear)};
  const Loaded loaded("www.example.org\nhttp://example.org/x\n198.51.100.7\n203.0.113.0/25\nevil.example\n", options);
  EXPECT_THAT(loaded.values(), UnorderedElementsAre("domain evil.example +"));
  EXPECT_THAT(loaded.codes(), ElementsAre("I0001:0", "I0002:1", "I0002:2", "I0002:3", "I0002:4"));
}

TEST(Cap, the_rest_is_counted) {
  IndicatorOptions options;
  options.entries_most = 2;
  const Loaded loaded("a.example\nb.example\nc.example\nd.example\n", options);
  EXPECT_EQ(loaded.set->size(), 2U);
  EXPECT_EQ(loaded.set->loads().front().refused, 2U);
  EXPECT_THAT(loaded.codes(), ElementsAre("I0005:3"));
}

// --- CSV

TEST(Csv, named_columns_in_any_order) {
  const Loaded loaded(
      "description,indicator,type,confidence,tlp,valid_until,extra\n"
      "\"a, \"\"family\"\"\",evil.example,domain,80,amber,2026-12-31T00:00:00Z,x\n"
      "two\nlines,,,,,,\n"
      "b,203.0.113.7:443,ip:port,high,,,\n"
      "c,host.example,hostname,,,,\n"
      "d,alice,username,,,,\n"
      "e,bad value,domain,,,,\n"
      "f,odd.example,domain,lots,,,\n");
  EXPECT_THAT(loaded.values(), UnorderedElementsAre("domain evil.example +", "endpoint 203.0.113.7:443",
                                                    "domain host.example", "domain odd.example +"));
  EXPECT_EQ(loaded.set->row(0).title, "a, \"family\"");
  EXPECT_EQ(loaded.set->row(0).confidence, 80);
  EXPECT_EQ(loaded.set->row(1).confidence, 85);
  EXPECT_THAT(loaded.codes(), ElementsAre("I0001:3", "I0001:4", "I0006:7", "I0001:8", "I0006:9"));
}

TEST(Csv, header_in_a_comment) {
  const Loaded loaded(
      "################\n"
      "# A feed\n"
      "# \"first_seen\", \"ioc_value\", \"ioc_type\", \"malware_printable\"\n"
      "\"2026-01-01\", \"203.0.113.7\", \"ip\", \"Family\"\n"
      "# end\n");
  EXPECT_THAT(loaded.values(), UnorderedElementsAre("address 203.0.113.7"));
  EXPECT_EQ(loaded.set->row(0).title, "Family");
  EXPECT_EQ(loaded.set->row(0).line, 4U);
  EXPECT_EQ(loaded.set->loads().front().format, "csv");
}

TEST(Csv, several_columns_of_values) {
  const Loaded loaded("Name;MD5;SHA256\nx;d41d8cd98f00b204e9800998ecf8427e;" + std::string(64, 'b') + "\n");
  EXPECT_THAT(loaded.values(),
              UnorderedElementsAre("md5 d41d8cd98f00b204e9800998ecf8427e", "sha256 " + std::string(64, 'b')));
}

TEST(Csv, hostile_texts_end) {
  std::string open = "indicator,type\n";
  for (int i = 0; i < 200'000; ++i) open += "\"a\n";
  const Loaded loaded(open);
  EXPECT_GT(loaded.diagnostics.errors(), 0U);
  Loaded(std::string("indicator,type\n") + std::string(1'000'000, ','));
  Loaded("indicator,type\n\"");
  Loaded("indicator,type");
  Loaded("indicator", {}, "x.csv");
}

// --- STIX

constexpr std::string_view bundle_start = "{\"type\": \"bundle\", \"id\": \"bundle--1\", \"objects\": [\n";

TEST(Stix, indicators_observables_and_markings) {
  const Loaded loaded(std::string(bundle_start) + R"(
{"type": "indicator", "id": "indicator--1", "pattern_type": "stix", "name": "C2",
 "pattern": "[domain-name:value = 'evil.example' OR ipv4-addr:value IN ('203.0.113.7', '203.0.113.8')]",
 "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-06-01T00:00:00Z", "confidence": 85,
 "object_marking_refs": ["marking-definition--77777777-7777-4777-8777-777777777777"]},
{"type": "marking-definition", "id": "marking-definition--77777777-7777-4777-8777-777777777777", "name": "TLP:RED"},
{"type": "indicator", "id": "indicator--2", "revoked": true, "pattern": "[domain-name:value = 'gone.example']"},
{"type": "indicator", "id": "indicator--3", "pattern_type": "yara", "pattern": "rule x {}"},
{"type": "indicator", "id": "indicator--4", "pattern": "[process:name = 'x']"},
{"type": "indicator", "id": "indicator--5", "pattern": "[url:value = 'http://evil.example/x']", "valid_until": "soon"},
{"type": "indicator", "id": "indicator--6", "indicator_types": ["benign"], "pattern": "[domain-name:value = 'b.example']"},
{"type": "file", "id": "file--1", "name": "x.exe", "hashes": {"MD5": "d41d8cd98f00b204e9800998ecf8427e", "SSDEEP": "3:"}},
{"type": "ipv6-addr", "id": "ipv6-addr--1", "value": "2001:db8::7",
 "object_marking_refs": ["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]},
{"type": "malware", "name": "not.example"}, 7
]})");
  EXPECT_THAT(loaded.values(), UnorderedElementsAre("domain evil.example", "address 203.0.113.7", "address 203.0.113.8",
                                                    "md5 d41d8cd98f00b204e9800998ecf8427e", "address 2001:db8::7"));
  const auto first = loaded.set->row(0);
  EXPECT_EQ(first.tlp, Tlp::red);
  EXPECT_EQ(first.confidence, 85);
  EXPECT_EQ(first.title, "C2");
  EXPECT_EQ(first.reference, "indicator--1");
  EXPECT_EQ(first.line, 3U);
  EXPECT_EQ(render_time(*first.until), "2026-06-01T00:00:00.000Z");
  EXPECT_EQ(loaded.set->lookup("2001:db8::7").front().tlp, Tlp::green);
  EXPECT_THAT(loaded.codes(), ElementsAre("I0006:9", "I0006:10", "I0006:11", "I0007:16"));
  EXPECT_EQ(loaded.set->loads().front().skipped, 3U);
}

TEST(Sources, who_a_list_names_stands_before_the_list) {
  const auto sources = [](std::string text, std::string file) {
    const Loaded loaded(std::move(text), {}, std::move(file));
    return loaded.set->size() == 1 ? loaded.set->row(0).sources : std::vector<std::string>{};
  };
  EXPECT_THAT(sources("value,type,source\n203.0.113.7,ip,ACME\n", "a/feed.csv"), ElementsAre("ACME", "feed.csv"));
  EXPECT_THAT(sources("value,type,source\n203.0.113.7,ip,\n", "a/feed.csv"), ElementsAre("feed.csv"));
  EXPECT_THAT(
      sources(R"({"Event": {"info": "x", "Attribute": [{"type": "ip-dst", "value": "203.0.113.7", "to_ids": true}],
"Orgc": {"id": "1", "name": "CERT"}}})",
              "e.json"),
      ElementsAre("CERT", "e.json"));
  EXPECT_THAT(
      sources(R"({"type": "bundle", "objects": [{"type": "indicator", "id": "indicator--1", "pattern_type": "stix",
"created_by_ref": "identity--1", "pattern": "[ipv4-addr:value = '203.0.113.7']", "valid_from": "2026-01-01T00:00:00Z"},
{"type": "identity", "id": "identity--1", "name": "Lab"}]})",
              "b.json"),
      ElementsAre("Lab", "b.json"));
}

TEST(Stix, damaged_bundles_keep_what_was_read) {
  const std::string whole = std::string(bundle_start) +
                            "{\"type\": \"domain-name\", \"value\": \"evil.example\"},\n{\"type\": \"domain-name\", "
                            "\"value\": \"other.example\"}\n]}";
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Loaded loaded(whole.substr(0, size), {}, "x.json");
    EXPECT_LE(loaded.set->size(), 2U);
    EXPECT_GT(loaded.diagnostics.errors(), 0U) << size;
  }
  EXPECT_EQ(Loaded(whole).set->size(), 2U);
  Loaded(std::string(bundle_start) + std::string(5000, '[') + std::string(5000, ']') + "]}");
  Loaded("{\"type\": \"bundle\", \"objects\": {\"a\": 1}}");
  Loaded("{\"type\": \"bundle\", \"objects\": [{\"type\": 7, \"hashes\": [1], \"pattern\": {}, \"name\": null}]}");
}

std::string terms(std::string_view pattern) {
  const auto parsed = parse_stix_pattern(pattern);
  if (!parsed) return "refused";
  std::string out;
  for (const auto& term : parsed->terms)
    out += (out.empty() ? "" : " ") + term.text + (term.reach == Reach::subdomains ? "+" : "");
  return out + (parsed->partly ? " partly" : "");
}

TEST(StixPattern, what_one_value_is_enough_for) {
  EXPECT_EQ(terms("[ipv4-addr:value = '203.0.113.7']"), "203.0.113.7");
  EXPECT_EQ(terms("[a:b = 'x'] OR ([url:value='u'])"), "u partly");
  EXPECT_EQ(terms("[domain-name:value LIKE '%.evil.example']"), "evil.example+");
  EXPECT_EQ(terms("[ipv4-addr:value ISSUBSET '198.51.100.0/24']"), "198.51.100.0/24");
  EXPECT_EQ(terms("[file:hashes.'SHA-256' = 'a' OR file:hashes.MD5 = 'b']"), "a b");
  EXPECT_EQ(terms("[file:hashes.\"SHA-1\" = 'a' AND file:name = 'x.exe']"), "a");
  EXPECT_EQ(terms("[(file:hashes.MD5 = 'a' AND file:hashes.'SHA-1' = 'b')]"), "a b");
  EXPECT_EQ(terms("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.7' AND "
                  "network-traffic:dst_port = 443]"),
            "203.0.113.7:443");
  EXPECT_EQ(terms("[network-traffic:dst_port = 443 AND network-traffic:dst_ref.value = '2001:db8::1']"),
            "[2001:db8::1]:443");
  EXPECT_EQ(terms("[domain-name:resolves_to_refs[*].value = '203.0.113.7']"), "203.0.113.7");
  EXPECT_EQ(terms("[url:value = 'it\\'s']"), "it's");
}

TEST(StixPattern, what_it_is_not_is_refused) {
  for (const auto* pattern :
       {"", "[", "[]", "ipv4-addr:value = 'x'", "[ipv4-addr:value = 'x'", "[ipv4-addr:value != 'x']",
        "[ipv4-addr:value NOT = 'x']", "[ipv4-addr:value = 'a' AND domain-name:value = 'b']",
        "[ipv4-addr:value = 'a'] AND [ipv4-addr:value = 'b']", "[ipv4-addr:value = 'a'] FOLLOWEDBY [url:value = 'b']",
        "[ipv4-addr:value = 'a'] WITHIN 5 SECONDS", "[domain-name:value MATCHES '.*']", "[file:name = 'x']",
        "[domain-name:value LIKE '%evil%']", "[ipv4-addr:value = 'a' OR]", "[ipv4-addr:value IN ('a', )]",
        "[network-traffic:dst_port = 443]", "[ipv4-addr:value = 'a'] x"})
    EXPECT_EQ(terms(pattern), "refused") << pattern;
  EXPECT_EQ(terms(std::string(100'000, '(')), "refused");
  EXPECT_EQ(terms("[" + std::string(100'000, '(')), "refused");
}

// --- MISP

TEST(Misp, attributes_objects_and_tags) {
  const Loaded loaded(R"({"Event": {"id": "1", "Attribute": [
{"type": "ip-dst", "value": "203.0.113.7", "to_ids": true, "uuid": "u1"},
{"type": "domain", "value": "evil.example", "to_ids": true, "Tag": [{"name": "tlp:red"}]},
{"type": "hostname", "value": "host.evil.example", "to_ids": 1},
{"type": "domain|ip", "value": "both.example|203.0.113.8", "to_ids": "1"},
{"type": "ip-dst|port", "value": "203.0.113.9|8443", "to_ids": true},
{"type": "filename|sha1", "value": "x.exe|da39a3ee5e6b4b0d3255bfef95601890afd80709", "to_ids": true},
{"type": "url", "value": "http://evil.example/x", "to_ids": false},
{"type": "domain", "value": "gone.example", "to_ids": true, "deleted": true},
{"type": "comment", "value": "words", "to_ids": true},
{"type": "md5", "value": "short", "to_ids": true}
], "Object": [{"name": "file", "Attribute": [
{"type": "sha256", "value": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "to_ids": true}]}],
"info": "A campaign", "uuid": "e1",
"Tag": [{"name": "tlp:amber"}, {"name": "misp:confidence-level=\"usually-confident\""}]}})");
  EXPECT_THAT(loaded.values(),
              UnorderedElementsAre("address 203.0.113.7", "domain evil.example +", "domain host.evil.example",
                                   "domain both.example +", "address 203.0.113.8", "endpoint 203.0.113.9:8443",
                                   "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha256 " + std::string(64, 'b')));
  const auto first = loaded.set->row(0);
  EXPECT_EQ(first.title, "A campaign");
  EXPECT_EQ(first.tlp, Tlp::amber);
  EXPECT_EQ(first.confidence, 75);
  EXPECT_EQ(first.reference, "u1");
  EXPECT_EQ(first.line, 2U);
  EXPECT_EQ(loaded.set->row(1).tlp, Tlp::red);
  EXPECT_THAT(loaded.codes(), ElementsAre("I0001:11"));
  EXPECT_EQ(loaded.set->loads().front().skipped, 3U);
}

TEST(Misp, answers_of_a_search) {
  EXPECT_EQ(Loaded(R"({"response": [{"Event": {"Attribute": [{"type": "domain", "value": "a.example"}]}},
                       {"Event": {"Attribute": [{"type": "domain", "value": "b.example"}]}}]})")
                .set->size(),
            2U);
  EXPECT_EQ(Loaded(R"({"response": {"Attribute": [{"type": "domain", "value": "a.example"}]}})").set->size(), 1U);
  EXPECT_EQ(
      Loaded(R"([{"Event": {"Attribute": [{"type": "domain", "value": "a.example"}]}}])", {}, "x.json").set->size(),
      1U);
}

TEST(Misp, other_files_of_a_feed_are_passed_over) {
  const Loaded manifest(R"({"5c6e7f": {"Orgc": {"name": "x"}, "info": "y"}})", {}, "manifest.json");
  EXPECT_THAT(manifest.codes(), IsEmpty());
  const Loaded hashes("d41d8cd98f00b204e9800998ecf8427e,5c6e7f\n", {}, "feed/hashes.csv");
  EXPECT_EQ(hashes.set->size(), 0U);
}

TEST(Misp, damaged_events_keep_what_was_read) {
  const std::string whole =
      "{\"Event\": {\"info\": \"x\", \"Attribute\": [{\"type\": \"domain\", \"value\": \"a.example\", \"Tag\": "
      "[{\"name\": \"tlp:red\"}]}], \"Object\": [{\"Attribute\": [{\"type\": \"md5\", \"value\": "
      "\"d41d8cd98f00b204e9800998ecf8427e\"}]}]}}";
  for (std::size_t size = 1; size < whole.size(); ++size) Loaded(whole.substr(0, size), {}, "x.json");
  EXPECT_EQ(Loaded(whole).set->size(), 2U);
  for (const auto* text :
       {"{\"Event\": []}", "{\"Event\": {\"Attribute\": {}}}", "{\"Event\": {\"Attribute\": [1, null]}}",
        "{\"response\": 7}", "{\"Event\": {\"Object\": [{\"Attribute\": 1}]}}",
        "{\"Event\": {\"Tag\": [{\"name\": 5}, 6], \"info\": {}}}"})
    EXPECT_EQ(Loaded(text).set->size(), 0U) << text;
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "{\"response\": ";
  EXPECT_EQ(Loaded(deep).set->size(), 0U);
}

}  // namespace
}  // namespace tocsin::rules::indicator
