// Thresholds beyond the plain ones, marks on transactions, and what integers may be compared with.
#include "rules/signature/parse/value.h"
#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

// How many alerts `packets` of one flow give. Rules here ask for a size: those on addresses alone look at the first
// only.
std::size_t alerts_of(Bench& bench, Flow& flow, int packets) {
  for (int i = 0; i < packets; ++i) bench.packet(&flow, "x", Direction::to_server, 17);
  return bench.sids().size();
}

TEST(Counting, BackoffGetsRarer) {
  Bench bench(
      "alert udp any any -> any any (dsize:>0; threshold: type backoff, track by_flow, count 1, multiplier 10; "
      "sid:1;)");
  auto flow = Bench::flow(Protocol::unknown, 17);
  EXPECT_EQ(alerts_of(bench, flow, 1), 1U);
  EXPECT_EQ(alerts_of(bench, flow, 8), 0U);
  EXPECT_EQ(alerts_of(bench, flow, 1), 1U);  // the tenth
  EXPECT_EQ(alerts_of(bench, flow, 89), 0U);
  EXPECT_EQ(alerts_of(bench, flow, 1), 1U);  // the hundredth
}

TEST(Counting, BackoffSurvivesASave) {
  const std::string rule =
      "alert udp any any -> any any (dsize:>0; threshold: type backoff, track by_flow, count 1, multiplier 10; sid:1;)";
  Bench first(rule);
  auto flow = Bench::flow(Protocol::unknown, 17);
  EXPECT_EQ(alerts_of(first, flow, 5), 1U);
  Bench second(rule);
  ASSERT_TRUE(second.state->restore(first.state->save()));
  EXPECT_EQ(alerts_of(second, flow, 4), 0U);
  EXPECT_EQ(alerts_of(second, flow, 1), 1U);
}

TEST(Counting, PortsSeenBeforeDoNotCount) {
  Bench bench(
      "alert udp any any -> any any (dsize:>0; detection_filter: track by_src, count 2, seconds 60, unique_on "
      "dst_port; sid:1;)");
  auto flow = Bench::flow(Protocol::unknown, 17);
  const auto send = [&](std::uint16_t port) {
    auto packet = bench.make(&flow, "x", Direction::to_server, 17, 0);
    packet.destination_port = port;
    bench.observer->on_packet(packet);
    return bench.sids().size();
  };
  EXPECT_EQ(send(1), 0U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send(1), 0U);
  EXPECT_EQ(send(2), 0U);
  EXPECT_EQ(send(3), 1U);
}

TEST(Counting, FormsThatMakeNoSense) {
  for (const std::string value : {"threshold: type backoff, track by_src, count 1, multiplier 10",
                                  "threshold: type backoff, track by_flow, count 1",
                                  "threshold: type backoff, track by_flow, count 1, multiplier 0",
                                  "threshold: type limit, track by_src, count 1, seconds 1, multiplier 2",
                                  "detection_filter: track by_src, count 1, seconds 1, unique_on mac",
                                  "detection_filter: type limit, track by_src, count 1, seconds 1"}) {
    Bench bench("alert udp any any -> any any (" + value + "; sid:1;)");
    EXPECT_TRUE(bench.set->rules().empty()) << value;
  }
}

TEST(Counting, MarksOnATransactionStayWithIt) {
  Bench bench(
      "alert http any any -> any any (http.uri; content:\"/a\"; xbits:set,seen,track tx; noalert; sid:1;)\n"
      "alert http any any -> any any (http.method; content:\"GET\"; xbits:isset,seen,track tx; sid:2;)");
  auto flow = Bench::flow(Protocol::http);
  for (const std::string uri : {"/a", "/b"}) {
    FakeTransaction one(Protocol::http);
    one.number = uri == "/a" ? 1 : 2;
    one.add(Buffer::http_uri, Direction::to_server, uri);
    one.add(Buffer::http_method, Direction::to_server, "GET");
    bench.transaction(flow, one, Direction::to_server);
    EXPECT_EQ(bench.sids().size(), uri == "/a" ? 1U : 0U) << uri;
  }
}

TEST(Numbers, UnitsAndMasks) {
  EXPECT_TRUE(parse_range(">1kb")->holds(1'025));
  EXPECT_FALSE(parse_range(">1KiB")->holds(1'024));
  EXPECT_EQ(parse_range("2MB")->low, 2 << 20);
  EXPECT_TRUE(parse_range("1mb<>1GB")->holds(100 << 20));
  EXPECT_EQ(parse_range("0x1b")->low, 0x1B);
  EXPECT_TRUE(parse_range("&0xc0=0x80")->holds(0xBF));
  EXPECT_FALSE(parse_range("&0xc0=0x80")->holds(0xFF));
  EXPECT_TRUE(parse_range("&0xc0!=0")->holds(0x40));
  for (const auto* text : {"&0xc0=2", "&0xc0", "kb", "99999999999kb", "&", "&=1", "-1kb"})
    EXPECT_FALSE(parse_range(text)) << text;
}

TEST(Numbers, OneOfSeveralAnswers) {
  const auto alerts = [](const std::string& value) {
    Bench bench("alert ldap any any -> any any (ldap.responses.operation:" + value + "; sid:1;)");
    auto flow = Bench::flow(Protocol::ldap);
    FakeTransaction search(Protocol::ldap);
    for (const auto* operation : {"4", "4", "5"})
      search.add(Buffer::ldap_responses_operation, Direction::to_client, operation);
    bench.transaction(flow, search, Direction::to_client);
    return bench.sids().size();
  };
  EXPECT_EQ(alerts("search_result_entry"), 1U);
  EXPECT_EQ(alerts("search_result_done,any"), 1U);
  EXPECT_EQ(alerts("search_result_entry,0"), 1U);
  EXPECT_EQ(alerts("search_result_entry,2"), 0U);
  EXPECT_EQ(alerts("search_result_done,-1"), 1U);
  EXPECT_EQ(alerts("search_result_done,3"), 0U);
  EXPECT_EQ(alerts("search_result_entry,all"), 0U);
  EXPECT_EQ(alerts(">3,all"), 1U);
}

TEST(Headers, LayersOfVlan) {
  const auto alerts = [](const std::string& value) {
    Bench bench("alert udp any any -> any any (vlan.id:" + value + "; sid:1;)");
    auto flow = Bench::flow(Protocol::unknown, 17);
    auto packet = bench.make(&flow, "x", Direction::to_server, 17, 0);
    packet.vlan[0] = 200;
    packet.vlan[1] = 300;
    packet.vlan_count = 2;
    bench.observer->on_packet(packet);
    return bench.sids().size();
  };
  EXPECT_EQ(alerts("300"), 1U);
  EXPECT_EQ(alerts("200,0"), 1U);
  EXPECT_EQ(alerts("200,1"), 0U);
  EXPECT_EQ(alerts("300,-1"), 1U);
  EXPECT_EQ(alerts("300,2"), 0U);
  EXPECT_EQ(alerts("200,all"), 0U);
  EXPECT_EQ(alerts(">100,all"), 1U);
  EXPECT_EQ(alerts("!200,any"), 1U);
}

TEST(Headers, CallsOfRpc) {
  // xid, call, version 2, program 100000, version 2, procedure 3
  std::string call("\x11\x22\x33\x44\0\0\0\0\0\0\0\x02\x00\x01\x86\xa0\0\0\0\x02\0\0\0\x03", 24);
  for (const auto& [value, wanted] : std::vector<std::pair<std::string, std::size_t>>{
           {"100000,2,3", 1}, {"100000,*,3", 1}, {"100000,*,*", 1}, {"100000", 1}, {"100000,3,*", 0}, {"99", 0}}) {
    // A rule of Suricata's, said by a word that only it has.
    Bench bench("alert udp any any -> any any (rpc:" + value + "; requires:version >= 7.0; sid:1;)");
    auto flow = Bench::flow(Protocol::unknown, 17);
    bench.packet(&flow, call, Direction::to_server, 17);
    EXPECT_EQ(bench.sids().size(), wanted) << value;
    bench.packet(&flow, call.substr(0, 23), Direction::to_server, 17);
    EXPECT_EQ(bench.sids().size(), 0U) << value;
  }
}

TEST(Headers, Http1IsNotHttp2) {
  Bench bench(
      "alert http any any -> any any (http.uri; content:\"/a\"; sid:1;)\n"
      "alert http1 any any -> any any (http.uri; content:\"/a\"; sid:2;)\n"
      "alert http2 any any -> any any (http.uri; content:\"/a\"; sid:3;)");
  for (const auto protocol : {Protocol::http, Protocol::http2}) {
    auto flow = Bench::flow(protocol);
    FakeTransaction one(protocol);
    one.add(Buffer::http_uri, Direction::to_server, "/a");
    bench.transaction(flow, one, Direction::to_server);
    EXPECT_EQ(bench.sids(), protocol == Protocol::http ? (Sids{1, 2}) : (Sids{1, 3}));
  }
}

TEST(Numbers, TheirNames) {
  for (const std::string option :
       {"dns.opcode:notify", "dns.opcode:!query", "dns.rcode:NOTZONE", "dns.rrtype:caa", "dns.rrtype:!HTTPS"}) {
    Bench bench("alert dns any any -> any any (" + option + "; sid:1;)");
    EXPECT_EQ(bench.set->rules().size(), 1U) << option;
  }
  Bench named("alert snmp any any -> any any (snmp.pdu_type:trap_v2; sid:1;)");
  EXPECT_EQ(named.set->rules().size(), 1U);
  for (const std::string option : {"dns.opcode:walk", "dns.rrtype:!", "dns.rcode:"}) {
    Bench bench("alert dns any any -> any any (" + option + "; sid:1;)");
    EXPECT_TRUE(bench.set->rules().empty()) << option;
  }
}

TEST(Transforms, PartsOfAHostName) {
  const auto alerts = [](const std::string& host, const std::string& wanted, const std::string& transform) {
    Bench bench("alert http any any -> any any (http.host; " + transform + "; content:\"" + wanted +
                "\"; startswith; endswith; sid:1;)");
    auto flow = Bench::flow(Protocol::http);
    FakeTransaction one(Protocol::http);
    one.add(Buffer::http_host, Direction::to_server, host);
    bench.transaction(flow, one, Direction::to_server);
    return bench.sids().size();
  };
  EXPECT_EQ(alerts("www.example.co.uk", "example.co.uk", "domain"), 1U);
  EXPECT_EQ(alerts("www.example.co.uk", "co.uk", "tld"), 1U);
  EXPECT_EQ(alerts("www.example.com", "com", "tld"), 1U);
  EXPECT_EQ(alerts("co.uk", "co.uk", "domain"), 0U);
  EXPECT_EQ(alerts(std::string(300, 'a') + ".com", "com", "tld"), 0U);
  EXPECT_EQ(alerts(std::string("a\0b.com", 7), "com", "tld"), 0U);
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
