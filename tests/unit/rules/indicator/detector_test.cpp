#include <array>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/base/digest.h"
#include "collectors/base/metrics.h"
#include "collectors/event/field_table.h"
#include "rules/indicator/roles.h"
#include "rules/indicator/rule_set.h"

namespace tocsin::rules::indicator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct Sink final : AlertSink {
  void raise(Alert alert) override { alerts.push_back(std::move(alert)); }
  std::vector<Alert> alerts;
};

constexpr Time start{std::chrono::seconds{1'800'000'000}};

class Detecting : public testing::Test {
 protected:
  void load(std::string list, const IndicatorOptions& options = {}) {
    const std::vector<RuleSource> sources{{"list", std::move(list)}};
    set = compile_indicators(sources, options, diagnostics);
    state = set->make_state();
    detector = set->attach({.names = names, .host = "web01"}, *state);
  }
  template <class Fill>
  void event(Fill fill, Time when = start) {
    EventBatch batch;
    EventBuilder builder(batch);
    fill(builder);
    EventHeader header;
    header.id = hash128(fmt::format("{}", ++events));
    header.observed = when;
    header.host = "web01";
    builder.finish(header, {});
    Sink raw;
    detector->inspect(batch, raw);
    for (auto& alert : raw.alerts) state->decide(std::move(alert), sink);
  }
  void name(std::string_view text, Time when = start) {
    event([&](EventBuilder& b) { b.set(field::dns_question_name, text); }, when);
  }
  std::vector<std::string> rules() {
    std::vector<std::string> out;
    for (const auto& alert : sink.alerts) out.push_back(alert.rule->id);
    sink.alerts.clear();
    return out;
  }
  static std::string text(const Alert& alert, std::string_view field) {
    for (const auto& [name, value] : alert.fields)
      if (name == field) return value;
    return {};
  }

  FieldNames names;
  Diagnostics diagnostics;
  std::shared_ptr<const IndicatorSet> set;
  std::unique_ptr<SharedState> state;
  std::unique_ptr<Detector> detector;
  Sink sink;
  int events = 0;
};

TEST_F(Detecting, an_alert_says_what_where_and_who_listed_it) {
  load("# tocsin: name=feed confidence=100 tlp=amber title=\"a family\" until=2030-01-01\nevil.example\n");
  event([&](EventBuilder& b) {
    b.set(field::dns_question_name, "WWW.Evil.Example.");
    b.set(field::source_ip, *parse_address("10.0.0.5"));
  });
  ASSERT_EQ(sink.alerts.size(), 1U);
  const auto& alert = sink.alerts.front();
  EXPECT_EQ(alert.rule->id, "indicator:domain:evil.example");
  EXPECT_EQ(alert.rule->title, "Listed domain evil.example in dns.question.name: a family");
  EXPECT_THAT(alert.rule->tags, ElementsAre("indicator.domain", "tlp:amber"));
  EXPECT_EQ(alert.severity, 80);
  EXPECT_EQ(alert.confidence, 100);
  ASSERT_EQ(alert.why.size(), 1U);
  EXPECT_EQ(alert.why[0].condition, "domain evil.example (feed)");
  EXPECT_EQ(alert.why[0].where, "dns.question.name");
  EXPECT_EQ(alert.why[0].value, "WWW.Evil.Example.");
  EXPECT_EQ(text(alert, "threat.indicator.marking.tlp"), "amber");
  EXPECT_EQ(alert.tlp, Tlp::amber);
  EXPECT_EQ(parse_alert(render_json(alert))->tlp, Tlp::amber);
  EXPECT_EQ(text(alert, "threat.indicator.provider"), "feed");
  EXPECT_EQ(text(alert, "threat.indicator.valid_until"), "2030-01-01T00:00:00.000Z");
  EXPECT_EQ(text(alert, "dns.question.name"), "WWW.Evil.Example.");
}

TEST_F(Detecting, each_kind_in_its_fields) {
  load(
      "203.0.113.7\n198.51.100.0/24\n203.0.113.8:443\nevil.example\nhttp://evil.example/x\n"
      "d41d8cd98f00b204e9800998ecf8427e\nda39a3ee5e6b4b0d3255bfef95601890afd80709\n"
      "t13d1516h2_8daaf6152771_e5627efa2ab1\n");
  event([&](EventBuilder& b) {
    b.set(field::source_ip, *parse_address("203.0.113.7"));
    b.set(field::destination_ip, *parse_address("198.51.100.9"));
  });
  EXPECT_THAT(rules(), UnorderedElementsAre("indicator:address:203.0.113.7", "indicator:network:198.51.100.0/24"));
  event([&](EventBuilder& b) {
    b.set(field::destination_ip, *parse_address("203.0.113.8"));
    b.set(field::destination_port, std::uint64_t{443});
  });
  EXPECT_THAT(rules(), ElementsAre("indicator:endpoint:203.0.113.8:443"));
  event([&](EventBuilder& b) {
    b.set(field::destination_ip, *parse_address("203.0.113.8"));
    b.set(field::destination_port, std::uint64_t{80});
  });
  EXPECT_THAT(rules(), IsEmpty());
  event([&](EventBuilder& b) { b.set(field::url_full, "https://Evil.Example:443/x#y"); });
  EXPECT_THAT(rules(), UnorderedElementsAre("indicator:url:evil.example/x", "indicator:domain:evil.example"));
  event([&](EventBuilder& b) {
    b.set(names.intern("winlog.event_data.Hashes"),
          "MD5=D41D8CD98F00B204E9800998ECF8427E,SHA256=00,IMPHASH=00000000000000000000000000000000");
    b.set(field::tls_server_hash_sha1, "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09");
    b.set(field::tls_client_ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
  });
  EXPECT_THAT(rules(), UnorderedElementsAre("indicator:md5:d41d8cd98f00b204e9800998ecf8427e",
                                            "indicator:sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
                                            "indicator:ja4:t13d1516h2_8daaf6152771_e5627efa2ab1"));
}

TEST_F(Detecting, lists_of_values_and_fields_of_products) {
  load("203.0.113.7\n198.51.100.9\nevil.example\n");
  event([&](EventBuilder& b) {
    const std::array<std::string_view, 2> data{"alias.evil.example", "192.0.2.1"};
    b.set_list(field::dns_answers_data, data);
    b.append(field::dns_resolved_ip, "192.0.2.1");
    b.append(field::dns_resolved_ip, "203.0.113.7");
    b.set(names.intern("product.DestinationIp"), "198.51.100.9");
  });
  EXPECT_THAT(rules(), UnorderedElementsAre("indicator:domain:evil.example", "indicator:address:203.0.113.7",
                                            "indicator:address:198.51.100.9"));
}

TEST_F(Detecting, a_path_counts_with_its_domain) {
  load("http://evil.example/x?y=1\n");
  event([&](EventBuilder& b) {
    b.set(field::url_domain, "evil.example");
    b.set(field::url_original, "/x?y=1");
  });
  EXPECT_THAT(rules(), ElementsAre("indicator:url:evil.example/x?y=1"));
}

TEST_F(Detecting, our_own_end_is_not_looked_at) {
  load("203.0.113.7\nevil.example\n");
  event([&](EventBuilder& b) {
    b.set(field::host_ip, *parse_address("203.0.113.7"));
    b.set(field::message, "evil.example");
    b.set(field::user_domain, "evil.example");
    b.set(field::http_request_referrer, "http://evil.example/");
  });
  EXPECT_THAT(rules(), IsEmpty());
}

TEST_F(Detecting, what_is_allowed_inside_of_what_is_listed_stays_quiet) {
  IndicatorOptions options;
  options.allow = {"good.evil.example", "198.51.100.9"};
  load("evil.example\n198.51.100.0/24\n", options);
  name("a.good.evil.example");
  event([&](EventBuilder& b) { b.set(field::destination_ip, *parse_address("198.51.100.9")); });
  EXPECT_THAT(rules(), IsEmpty());
  name("a.evil.example");
  EXPECT_THAT(rules(), ElementsAre("indicator:domain:evil.example"));
}

TEST_F(Detecting, an_indicator_fires_only_while_it_is_valid) {
  load("# tocsin: from=1800000100 until=1800000200\nevil.example\n");
  name("evil.example", start + std::chrono::seconds{99});
  EXPECT_THAT(rules(), IsEmpty());
  name("evil.example", start + std::chrono::seconds{100});
  EXPECT_EQ(rules().size(), 1U);
  name("a.evil.example", start + std::chrono::seconds{200});
  EXPECT_THAT(rules(), IsEmpty());
  IndicatorOptions options;
  options.retrospective = true;
  load("# tocsin: from=1800000100 until=1800000200\nevil.example\n", options);
  name("evil.example", start);
  EXPECT_EQ(rules().size(), 1U);
}

TEST_F(Detecting, what_has_ended_is_a_metric) {
  Metrics metrics;
  IndicatorOptions options;
  options.metrics = &metrics;
  load("domain,valid_until\na.example,2027-01-15T08:00:00Z\nb.example,2030-01-01T00:00:00Z\n", options);
  auto& expired = metrics.gauge("tocsin_indicators_expired", "Indicators that have ended; once a minute");
  const auto end = *parse_time("2027-01-15T08:00:00Z");
  state->advance(end - std::chrono::seconds{90}, sink);
  EXPECT_EQ(expired.value(), 0);
  state->advance(end - std::chrono::seconds{40}, sink);
  state->advance(end, sink);
  EXPECT_EQ(expired.value(), 1);
}

TEST_F(Detecting, a_beacon_is_one_alert_in_a_window_and_the_next_counts_it) {
  IndicatorOptions options;
  options.window = std::chrono::minutes{10};
  load("evil.example\n", options);
  const auto beacon = [&](std::string_view from, int second) {
    event(
        [&](EventBuilder& b) {
          b.set(field::dns_question_name, "evil.example");
          b.set(field::source_ip, *parse_address(from));
        },
        start + std::chrono::seconds{second});
  };
  for (int second = 0; second < 600; ++second) beacon("10.0.0.5", second);
  EXPECT_EQ(rules().size(), 1U);
  EXPECT_EQ(state->held_back(), 599U);
  beacon("10.0.0.6", 5);
  EXPECT_EQ(rules().size(), 1U);
  beacon("10.0.0.5", 600);
  ASSERT_EQ(sink.alerts.size(), 1U);
  EXPECT_EQ(sink.alerts.front().count, 600U);
}

TEST_F(Detecting, a_window_outlives_a_reload) {
  load("evil.example\n");
  name("evil.example");
  EXPECT_EQ(rules().size(), 1U);
  const auto saved = state->save();
  load("evil.example\nother.example\n");
  ASSERT_TRUE(state->restore(saved));
  name("evil.example", start + std::chrono::minutes{1});
  EXPECT_THAT(rules(), IsEmpty());
  name("other.example", start + std::chrono::minutes{1});
  EXPECT_EQ(rules().size(), 1U);
  for (const auto* damaged : {"", "x", "1 2 3\n", "00000000000000000000000000000000 5", "\n\n\n"})
    EXPECT_TRUE(state->restore(damaged));
}

TEST_F(Detecting, who_is_tried_by_a_listed_address_hears_it_more_softly) {
  load("203.0.113.7\n");
  event([&](EventBuilder& b) { b.set(field::source_ip, *parse_address("203.0.113.7")); });
  event([&](EventBuilder& b) { b.set(field::destination_ip, *parse_address("203.0.113.7")); });
  ASSERT_EQ(sink.alerts.size(), 1U);  // the same indicator and host
  const auto inbound = sink.alerts.front().severity;
  load("203.0.113.7\n");
  sink.alerts.clear();
  event([&](EventBuilder& b) { b.set(field::destination_ip, *parse_address("203.0.113.7")); });
  ASSERT_EQ(sink.alerts.size(), 1U);
  EXPECT_LT(inbound, sink.alerts.front().severity);
}

TEST_F(Detecting, files_by_their_hashes) {
  load(render_digest(sha256(as_bytes("malware"))) + "\n");
  FileView file;
  file.path = "/tmp/x";
  file.name = "x";
  file.bytes = as_bytes("malware");
  file.observed = start;
  detector->inspect(file, sink);
  ASSERT_EQ(sink.alerts.size(), 1U);
  EXPECT_EQ(sink.alerts.front().why.front().where, "file.hash.sha256");
  EXPECT_EQ(text(sink.alerts.front(), "file.path"), "/tmp/x");
  file.bytes = as_bytes("harmless");
  detector->inspect(file, sink);
  EXPECT_EQ(sink.alerts.size(), 1U);
}

TEST_F(Detecting, values_that_are_none_are_passed_over) {
  load("203.0.113.7\nevil.example\nhttp://evil.example/x\nd41d8cd98f00b204e9800998ecf8427e\n");
  for (const auto& hostile : {std::string(), std::string(100'000, 'a'), std::string(300, '.'),
                              std::string("\xff\x00", 2), std::string(5000, '='), std::string(5000, ':'),
                              std::string("http://"), "http://" + std::string(10'000, 'a') + "/"})
    event([&](EventBuilder& b) {
      for (const auto of : {field::dns_question_name, field::url_full, field::url_original, field::url_domain,
                            field::file_hash_md5, field::tls_client_ja4, field::source_address})
        b.set(of, hostile);
    });
  EXPECT_THAT(rules(), IsEmpty());
}

TEST(Roles, by_known_and_unknown_names) {
  EXPECT_EQ(role_of("source.ip"), FieldRole::address);
  EXPECT_EQ(role_of("host.ip"), FieldRole::own);
  EXPECT_EQ(role_of("tls.client.server_name"), FieldRole::host);
  EXPECT_EQ(role_of("winlog.event_data.QueryName"), FieldRole::host);
  EXPECT_EQ(role_of("product.src_ip"), FieldRole::address);
  EXPECT_EQ(role_of("file.hash.sha256"), FieldRole::digest);
  EXPECT_EQ(role_of("message"), FieldRole::none);
  EXPECT_EQ(role_of(""), FieldRole::none);
  EXPECT_EQ(role_of(std::string(1000, 'a')), FieldRole::none);
}

}  // namespace
}  // namespace tocsin::rules::indicator
