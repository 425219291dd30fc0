#include <algorithm>
#include <chrono>

#include "collectors/packet/packet_event.h"
#include "rules/signature/keyword/keyword.h"
#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

using std::chrono::seconds;

TEST(Compile, UnsupportedKeywordRefusesTheRuleByName) {
  Bench bench(
      "alert tcp any any -> any any (content:\"a\"; luajit:x.lua; sid:1;)\n"
      "alert tcp any any -> any any (content:\"abcd\"; sid:2;)\n");
  ASSERT_EQ(bench.diagnostics.errors(), 1U);
  const auto& diagnostic = bench.diagnostics.all()[0];
  EXPECT_EQ(diagnostic.code, "S0301");
  EXPECT_NE(diagnostic.cause.find("luajit"), std::string::npos);
  EXPECT_FALSE(diagnostic.next_step.empty());
  EXPECT_EQ(diagnostic.item, "1:1");
  EXPECT_EQ(bench.set->rules().size(), 1U);
}

TEST(Compile, AMissingSemicolonIsNamedFirst) {
  for (const char* options : {"content:\"abcd\"; sid:1", "content:\"abcd\"; nocase sid:1;"}) {
    Bench bench("alert tcp any any -> any any (msg:\"x\"; " + std::string(options) + ")\n");
    ASSERT_EQ(bench.diagnostics.errors(), 1U) << options;
    const auto& next = bench.diagnostics.all()[0].next_step;
    EXPECT_LT(next.find(';'), std::min<std::size_t>(next.size(), 24)) << next;
  }
}

TEST(Compile, MistakesAreRefused) {
  for (const char* options :
       {"content:\"\";", "content:abc;", "nocase;", "content:\"abc\"; depth:2;", "pcre:\"/(/\";",
        "content:\"a\"; startswith; offset:2;", "flow:to_server,to_client;", "byte_test:1,=;",
        "threshold: type limit, track by_src;", "flowbits:frob,x;", "http.uri; content:\"|zz|\";",
        "base64_data; content:\"a\";", "classtype:;", "http.uri; content:\"a\"; http.stat_code; content:\"2\";"}) {
    Bench bench(std::string("alert tcp any any -> any any (") + options + " sid:1;)");
    EXPECT_EQ(bench.diagnostics.errors(), 1U) << options;
    EXPECT_TRUE(bench.set->rules().empty()) << options;
  }
}

TEST(Compile, WhatARuleRequiresIsAskedFirst) {
  Bench bench(
      "alert later any any -> any any (requires: version >= 99; sid:1;)\n"
      "alert tcp any any -> any any (later.keyword:1; requires: version >= 99; sid:2;)\n"
      "alert tcp any any -> any any (later.keyword:1; requires: version >= 1; sid:3;)\n"
      "alert tcp any any -> any any (content:\"abcd\"; requires: version >= 1; sid:4;)\n");
  EXPECT_EQ(bench.set->rules().size(), 1U);
  ASSERT_EQ(bench.diagnostics.errors(), 1U);
  for (const auto& diagnostic : bench.diagnostics.all()) {
    const bool unknown_word = diagnostic.item == "1:3";
    EXPECT_EQ(diagnostic.severity == Severity::error, unknown_word) << diagnostic.item;
    EXPECT_EQ(diagnostic.code == "S0390", !unknown_word) << diagnostic.item;
  }
}

TEST(Compile, ReferencesBecomeAddresses) {
  Bench bench(
      "alert tcp any any -> any any (content:\"abcd\"; reference:url,example.com/a; "
      "reference:url,gopher://example.com; "
      "reference:nobody,7; sid:1;)");
  ASSERT_EQ(bench.set->rules().size(), 1U);
  const auto& references = bench.set->rules()[0]->references;
  ASSERT_EQ(references.size(), 3U);
  EXPECT_TRUE(references[0].ends_with("://example.com/a")) << references[0];
  EXPECT_EQ(references[1], "gopher://example.com");
  EXPECT_EQ(references[2], "nobody:7");
}

TEST(Compile, VariablesAndGroups) {
  SignatureOptions options;
  options.address_variables["MINE"] = "[10.0.0.0/8,!10.0.0.0/24]";
  const auto fires = [&](const std::string& header) {
    Bench bench("alert udp " + header + " (content:\"abcd\"; sid:1;)", options);
    auto flow = Bench::flow(Protocol::unknown, 17);
    bench.packet(&flow, "abcd", Direction::to_server, 17);
    return !bench.sids().empty();
  };
  EXPECT_TRUE(fires("$HOME_NET any -> $EXTERNAL_NET any"));
  EXPECT_FALSE(fires("$EXTERNAL_NET any -> $HOME_NET any"));
  EXPECT_TRUE(fires("$EXTERNAL_NET any <> $HOME_NET any"));
  EXPECT_FALSE(fires("$MINE any -> any any"));
  EXPECT_TRUE(fires("!$MINE any -> any [1:79,80,!81]"));
  EXPECT_FALSE(fires("any any -> any ![80,443]"));
}

TEST(Streams, ContentsAcrossSegments) {
  Bench bench("alert tcp any any -> any any (content:\"evil\"; content:\"payload\"; distance:1; sid:1;)");
  auto flow = Bench::flow();
  bench.packet(&flow, "xxev");
  bench.packet(&flow, "il pay");
  EXPECT_EQ(bench.sids(), Sids{});
  bench.packet(&flow, "load");
  EXPECT_EQ(bench.sids(), Sids{1});
  bench.packet(&flow, "more");
  EXPECT_EQ(bench.sids(), Sids{});
  bench.packet(&flow, "evil payload");
  EXPECT_EQ(bench.sids(), Sids{1});
  ASSERT_FALSE(bench.decided.empty());
  ASSERT_EQ(bench.decided[0].why.size(), 2U);
  EXPECT_EQ(bench.decided[0].why[0].offset, 2);
  EXPECT_EQ(bench.decided[0].why[0].value, "evil");
  EXPECT_EQ(bench.decided[0].why[0].where, "stream to_server");
}

TEST(Streams, WaitForACompleteMessageMuchDataOrTheEnd) {
  const std::string rules = "alert tcp any any -> any any (content:\"evil\"; sid:1;)";
  Bench bench(rules);
  auto open = Bench::flow();
  open.tcp_state = "established";
  bench.packet(&open, "an evil word");
  EXPECT_EQ(bench.sids(), Sids{});
  bench.packet(&open, std::string(3'000, 'x'), Direction::to_client);
  EXPECT_EQ(bench.sids(), Sids{});
  bench.packet(&open, std::string(3'000, 'x'));
  EXPECT_EQ(bench.sids(), Sids{1});
  auto ends = Bench::flow();
  ends.tcp_state = "established";
  bench.packet(&ends, "an evil word");
  EXPECT_EQ(bench.sids(), Sids{});
  bench.observer->on_flow_end(ends, collectors::FlowEnd::timeout);
  EXPECT_EQ(bench.sids(), Sids{1});
}

TEST(Transactions, WaitForAPacketOfTheSideThatMoved) {
  Bench bench("alert http any any -> any any (http.uri; content:\"/x\"; sid:1;)");
  auto flow = Bench::flow(Protocol::http);
  FakeTransaction http(Protocol::http);
  http.add(Buffer::http_uri, Direction::to_server, "/x");
  auto acknowledges = bench.make(&flow, "", Direction::to_client, 6, 0x10);
  bench.observer->on_transaction({flow, http, Direction::to_server, &acknowledges});
  bench.observer->on_packet(acknowledges);
  EXPECT_EQ(bench.sids(), Sids{});
  EXPECT_EQ(http.holds, 1U);
  bench.packet(&flow, "", Direction::to_server);
  EXPECT_EQ(bench.sids(), Sids{1});
  EXPECT_EQ(http.holds, 0U);
}

TEST(Streams, DirectionAndState) {
  Bench bench(
      "alert tcp any any -> any any (flow:established,to_client; content:\"evil\"; sid:1;)\n"
      "alert tcp any any -> any any (flow:not_established; content:\"evil\"; sid:2;)\n");
  auto flow = Bench::flow();
  bench.packet(&flow, "evil", Direction::to_server);
  EXPECT_EQ(bench.sids(), Sids{});
  bench.packet(&flow, "evil", Direction::to_client);
  EXPECT_EQ(bench.sids(), Sids{1});
}

TEST(Transactions, OncePerTransactionWithReasons) {
  Bench bench(
      "alert http any any -> any any (http.method; content:\"POST\"; http.uri; content:\"/shell\"; endswith; "
      "target:dest_ip; classtype:web-application-attack; metadata:mitre_technique_id T1505.003; sid:1; rev:4;)");
  auto flow = Bench::flow(Protocol::http);
  FakeTransaction transaction(Protocol::http);
  transaction.add(Buffer::http_method, Direction::to_server, "POST");
  transaction.add(Buffer::http_uri, Direction::to_server, "/a/shell");
  transaction.add(Buffer::http_host, Direction::to_server, "bad.example");
  bench.transaction(flow, transaction, Direction::to_server);
  bench.transaction(flow, transaction, Direction::to_server);
  EXPECT_EQ(bench.sids(), Sids{1});
  const auto& alert = bench.decided.at(0);
  EXPECT_EQ(alert.rule->severity, 80);
  EXPECT_EQ(alert.rule->attack, std::vector<std::string>{"T1505.003"});
  EXPECT_EQ(alert.why.size(), 2U);
  EXPECT_EQ(alert.packet->transaction, 0U);
  const Entity domain{EntityKind::domain, EntityRole::related, "bad.example"};
  EXPECT_NE(std::ranges::find(alert.entities, domain), alert.entities.end());
}

TEST(Transactions, WaitForProgressAndInstances) {
  Bench bench(
      "alert http any any -> any any (http.uri; content:\"/x\"; http.request_body; content:\"secret\"; sid:1;)\n"
      "alert dns any any -> any any (dns.query; dotprefix; content:\".evil.example\"; endswith; sid:2;)\n"
      "alert http any any -> any any (http.uri; content:\"/x\"; http.referer; absent; sid:3;)\n"
      "alert http any any -> any any (http.uri; content:\"/x\"; bsize:<5; http_header; sid:4;)\n");
  auto flow = Bench::flow(Protocol::http);
  FakeTransaction http(Protocol::http);
  http.progress_now = 2;
  http.complete_now = false;
  http.add(Buffer::http_uri, Direction::to_server, "/x");
  bench.transaction(flow, http, Direction::to_server);
  EXPECT_EQ(bench.sids(), (Sids{3}));
  http.add(Buffer::http_request_body, Direction::to_server, "a secret");
  http.progress_now = 5;
  http.complete_now = true;
  bench.transaction(flow, http, Direction::to_server);
  EXPECT_EQ(bench.sids(), Sids{1});
  auto dns_flow = Bench::flow(Protocol::dns, 17);
  FakeTransaction dns(Protocol::dns);
  dns.add(Buffer::dns_query, Direction::to_server, "good.example");
  dns.add(Buffer::dns_query, Direction::to_server, "evil.example");
  bench.transaction(dns_flow, dns, Direction::to_server);
  EXPECT_EQ(bench.sids(), Sids{2});
}

TEST(State, FlowbitsAndNoalert) {
  Bench bench(
      "alert tcp any any -> any any (content:\"login\"; flowbits:set,seen; flowbits:noalert; sid:1;)\n"
      "alert tcp any any -> any any (content:\"shell\"; flowbits:isset,seen; sid:2;)\n"
      "alert tcp any any -> any any (content:\"shell\"; flowbits:isnotset,seen; sid:3;)\n");
  auto flow = Bench::flow();
  bench.packet(&flow, "shell");
  EXPECT_EQ(bench.sids(), Sids{3});
  bench.packet(&flow, "login");
  bench.packet(&flow, "shell");
  EXPECT_EQ(bench.sids(), Sids{2});
}

TEST(State, ThresholdKinds) {
  const auto count = [](const std::string& threshold, int packets) {
    Bench bench("alert udp any any -> any any (content:\"abcd\"; " + threshold + " sid:1;)");
    for (int i = 0; i < packets; ++i) {
      auto flow = Bench::flow(Protocol::unknown, 17);
      bench.packet(&flow, "abcd", Direction::to_server, 17);
      bench.time += seconds(1);
    }
    return bench.sids().size();
  };
  EXPECT_EQ(count("threshold: type limit, track by_src, count 2, seconds 60;", 10), 2U);
  EXPECT_EQ(count("threshold: type threshold, track by_src, count 3, seconds 60;", 10), 3U);
  EXPECT_EQ(count("threshold: type both, track by_dst, count 3, seconds 60;", 10), 1U);
  EXPECT_EQ(count("detection_filter: track by_src, count 3, seconds 60;", 10), 7U);
  EXPECT_EQ(count("threshold: type limit, track by_rule, count 1, seconds 3;", 9), 3U);
}

TEST(State, SavedAndRestored) {
  const std::string rule =
      "alert udp any any -> any any (content:\"abcd\"; threshold: type limit, track by_src, count 1, seconds 60; "
      "sid:1;)";
  Bench first(rule);
  auto flow = Bench::flow(Protocol::unknown, 17);
  first.packet(&flow, "abcd", Direction::to_server, 17);
  EXPECT_EQ(first.sids(), Sids{1});
  Bench second(rule);
  ASSERT_TRUE(second.state->restore(first.state->save()));
  auto other = Bench::flow(Protocol::unknown, 17);
  second.packet(&other, "abcd", Direction::to_server, 17);
  EXPECT_EQ(second.sids(), Sids{});
  EXPECT_FALSE(second.state->restore("w zz"));
}

TEST(State, XbitsAcrossFlows) {
  Bench bench(
      "alert udp any any -> any any (content:\"first\"; xbits:set,stage,track ip_src,expire 10; noalert; sid:1;)\n"
      "alert udp any any -> any any (content:\"second\"; xbits:isset,stage,track ip_src; sid:2;)\n");
  const auto send = [&](std::string_view text) {
    auto flow = Bench::flow(Protocol::unknown, 17);
    bench.packet(&flow, text, Direction::to_server, 17);
  };
  send("second");
  send("first");
  send("second");
  EXPECT_EQ(bench.sids(), Sids{2});
  bench.time += seconds(20);
  send("second");
  EXPECT_EQ(bench.sids(), Sids{});
}

TEST(Captures, ForTheAlertAloneAreAmongItsReasons) {
  Bench bench(
      "alert tcp any any -> any any (content:\"user\"; pcre:\"/user=(\\w+)&host=(\\w+)/,alert:who, flow:host\"; "
      "sid:1;)\n"
      "alert tcp any any -> any any (pcre:\"/path=(?P<alert_where>[^&]+)/\"; sid:2;)\n");
  auto flow = Bench::flow();
  bench.packet(&flow, "user=eve&host=h1&path=/a\"b&");
  EXPECT_EQ(bench.sids(), (std::vector<std::uint32_t>{1, 2}));
  std::vector<std::string> contexts;
  for (const auto& alert : bench.decided)
    for (const auto& reason : alert.why)
      if (!reason.context_key.empty()) contexts.push_back(reason.context_key + "=" + reason.context);
  EXPECT_EQ(contexts, (std::vector<std::string>{R"(who="eve")", R"(where="/a\"b")"}));
}

TEST(Events, AlertWithThePacketThatHasThem) {
  Bench bench(
      "alert tcp any any -> any any (stream-event:pkt_retransmission; sid:1;)\n"
      "alert tcp any any -> any any (app-layer-event:applayer_mismatch_protocol_both_directions; sid:2;)\n");
  auto flow = Bench::flow();
  const auto happen = [&](collectors::PacketEvent event) {
    Packet p = bench.make(&flow, "", Direction::to_server, 6, 0x18);
    collectors::mark(p, event);
    flow.events |= p.events;
    bench.observer->on_packet(p);
    return bench.sids();
  };
  EXPECT_EQ(happen(collectors::PacketEvent::stream_retransmission), std::vector<std::uint32_t>{1});
  EXPECT_EQ(happen(collectors::PacketEvent::app_mismatch_both_directions), std::vector<std::uint32_t>{2});
  bench.packet(&flow, "more");
  EXPECT_TRUE(bench.sids().empty());
}

TEST(Events, OneThatNothingRaisesIsSaid) {
  Bench bench(
      "alert ip any any -> any any (decode-event:ipv4.opt_unknown; sid:1;)\n"
      "alert ip any any -> any any (decode-event:ipv4.opt_invalid; sid:2;)\n"
      "alert ikev2 any any -> any any (app-layer-event:ikev2.weak_crypto_dh; sid:3;)\n");  // ike's former name
  EXPECT_EQ(bench.diagnostics.errors(), 0U);
  ASSERT_EQ(bench.diagnostics.all().size(), 1U);
  EXPECT_EQ(bench.diagnostics.all()[0].code, "S0382");
  EXPECT_EQ(bench.diagnostics.all()[0].line, 1U);
}

TEST(Actions, PassSilencesTheFlow) {
  Bench bench(
      "alert tcp any any -> any any (content:\"evil\"; sid:1;)\n"
      "pass tcp any any -> any any (content:\"trusted\"; sid:2;)\n"
      "drop tcp any any -> any any (content:\"badness\"; sid:3;)\n");
  auto flow = Bench::flow();
  bench.packet(&flow, "badness");
  EXPECT_EQ(bench.sids(), Sids{3});
  bench.packet(&flow, "trusted evil");
  bench.packet(&flow, "evil");
  EXPECT_EQ(bench.sids(), Sids{});
}

TEST(Addresses, ListsOncePerFlowDirection) {
  std::string list = "[";
  for (int i = 0; i < 200; ++i) list += "8.8." + std::to_string(i) + ".8,";
  Bench bench("alert ip any any -> " + list +
              "1.1.1.1] any (msg:\"list\"; sid:1;)\n"
              "alert tcp any any -> any 80 (msg:\"packet rule\"; sid:2;)\n");
  ASSERT_TRUE(bench.diagnostics.all().empty());
  auto flow = Bench::flow();
  bench.packet(&flow, "a");
  bench.packet(&flow, "b");
  EXPECT_EQ(bench.sids(), (Sids{1, 2, 2}));
  bench.packet(&flow, "c", Direction::to_client);
  EXPECT_EQ(bench.sids(), Sids{});
}

TEST(Config, SuppressAndFilterFiles) {
  SignatureOptions options;
  options.threshold = {
      "threshold.config",
      "suppress gen_id 1, sig_id 1, track by_src, ip [10.0.0.0/24]\n"
      "event_filter gen_id 1, sig_id 2, type limit, track by_src, \\\n  count 1, seconds 60\nnonsense\n"};
  Bench bench(
      "alert udp any any -> any any (content:\"abcd\"; sid:1;)\nalert udp any any -> any any (content:\"abcd\"; "
      "sid:2;)\n",
      options);
  for (int i = 0; i < 3; ++i) {
    auto flow = Bench::flow(Protocol::unknown, 17);
    bench.packet(&flow, "abcd", Direction::to_server, 17);
  }
  EXPECT_EQ(bench.sids(), Sids{2});
  EXPECT_EQ(bench.diagnostics.all().size(), 1U);
}

TEST(Keywords, TableIsDocumented) {
  for (const auto& row : keyword_table()) {
    EXPECT_FALSE(row.doc.empty()) << row.name;
    EXPECT_NE(row.read, nullptr) << row.name;
    EXPECT_EQ(find_keyword(row.name), &row);
  }
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
