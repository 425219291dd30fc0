// What rules do besides alerting, and where in the life of a flow they look.
#include "collectors/base/digest.h"
#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

FlowRecollection recall(const Bench& bench, const Flow& flow) {
  FlowRecollection out;
  bench.detector->recall(flow, out);
  return out;
}

TEST(Hooks, FlowStartIsTheFirstPacketOfEachSide) {
  Bench bench(
      "alert tcp:flow_start any any -> any any (sid:1;)\n"
      "alert ip:flow_start any any -> any any (flow:to_server; sid:2;)\n");
  auto flow = Bench::flow();
  flow.client.packets = 1;
  bench.packet(&flow, "");
  EXPECT_EQ(bench.sids(), (Sids{1, 2}));
  flow.client.packets = 2;
  bench.packet(&flow, "");
  EXPECT_EQ(bench.sids(), Sids{});
  flow.server.packets = 1;
  bench.packet(&flow, "", Direction::to_client);
  EXPECT_EQ(bench.sids(), Sids{1});
}

TEST(Hooks, StepsOfATransaction) {
  Bench bench(
      "alert http1:request_line any any -> any any (sid:1;)\n"
      "alert http1:request_headers any any -> any any (sid:2;)\n"
      "alert http1:request_body any any -> any any (sid:3;)\n"
      "alert http1:request_complete any any -> any any (sid:4;)\n"
      "alert http1:response_started any any -> any any (sid:5;)\n");
  auto flow = Bench::flow(Protocol::http);
  FakeTransaction http(Protocol::http);
  http.complete_now = false;
  http.progress_now = 1;
  bench.transaction(flow, http, Direction::to_server);
  EXPECT_EQ(bench.sids(), Sids{1});
  http.progress_now = 3;
  bench.transaction(flow, http, Direction::to_server);
  EXPECT_EQ(bench.sids(), (Sids{2, 3}));
  bench.transaction(flow, http, Direction::to_server);
  EXPECT_EQ(bench.sids(), Sids{3});  // with every part of the body
  http.complete_now = true;
  bench.transaction(flow, http, Direction::to_server);
  EXPECT_EQ(bench.sids(), (Sids{3, 4}));
  bench.transaction(flow, http, Direction::to_client);
  EXPECT_EQ(bench.sids(), Sids{5});
}

TEST(Hooks, UnknownOnesAreRefused) {
  Bench bench("alert tcp:teardown any any -> any any (sid:1;)");
  EXPECT_TRUE(bench.set->rules().empty());
}

TEST(Effects, ConfigSilencesRecordsAndRaisesNothing) {
  Bench bench(
      "config http any any -> any any (http.host; content:\"quiet\"; config:logging disable, type tx, scope tx; "
      "sid:1;)\n"
      "config http any any -> any any (http.host; content:\"all\"; config:logging disable, type tx, scope flow; "
      "sid:2;)\n"
      "config http any any -> any any (http.host; content:\"x\"; config:logging sometimes; sid:3;)\n");
  EXPECT_EQ(bench.set->rules().size(), 2U);
  auto flow = Bench::flow(Protocol::http);
  FakeTransaction quiet(Protocol::http);
  quiet.add(Buffer::http_host, Direction::to_server, "quiet.example");
  bench.transaction(flow, quiet, Direction::to_server);
  EXPECT_TRUE(quiet.silent);
  EXPECT_FALSE(flow.silent);
  FakeTransaction all(Protocol::http);
  all.add(Buffer::http_host, Direction::to_server, "all.example");
  bench.transaction(flow, all, Direction::to_server);
  EXPECT_TRUE(flow.silent);
  EXPECT_EQ(bench.sids(), Sids{});
}

TEST(Effects, BypassEndsInspection) {
  Bench bench("alert udp any any -> any any (content:\"tunnel\"; bypass; sid:1;)");
  auto flow = Bench::flow(Protocol::unknown, 17);
  bench.packet(&flow, "a tunnel", Direction::to_server, 17);
  EXPECT_EQ(bench.sids(), Sids{1});
  EXPECT_TRUE(flow.bypassed);
  bench.packet(&flow, "a tunnel", Direction::to_server, 17);
  EXPECT_EQ(bench.sids(), Sids{});
}

TEST(Effects, CapturesAndEntropyAreRemembered) {
  Bench bench(
      "alert http any any -> any any (http.user_agent; pcre:\"/^(.*)\\/(\\d+)/, flow:name, flow:number\"; sid:1;)\n"
      "alert http any any -> any any (http.host; pcre:\"/^(?P<flow_first>[a-z]+)\\./\"; sid:2;)\n"
      "alert http any any -> any any (http.uri; entropy:value 1-3; sid:3;)\n"
      "alert http any any -> any any (http.uri; entropy:value !1-3; sid:4;)\n");
  auto flow = Bench::flow(Protocol::http);
  FakeTransaction http(Protocol::http);
  http.add(Buffer::http_user_agent, Direction::to_server, "Agent/12");
  http.add(Buffer::http_host, Direction::to_server, "www.example");
  http.add(Buffer::http_uri, Direction::to_server, "aabbccdd");
  bench.transaction(flow, http, Direction::to_server);
  EXPECT_EQ(bench.sids(), (Sids{1, 2, 3}));
  const auto known = recall(bench, flow);
  const std::vector<std::pair<std::string, std::string>> wanted{{"name", "Agent"}, {"number", "12"}, {"first", "www"}};
  EXPECT_EQ(known.variables, wanted);
  ASSERT_EQ(known.entropies.size(), 1U);
  EXPECT_EQ(known.entropies[0].first, "http_uri");
  EXPECT_DOUBLE_EQ(known.entropies[0].second, 2.0);
}

TEST(Files, DigestsInLists) {
  DigestStream stream(DigestKind::md5);
  stream.update(as_bytes(std::string_view("evil file")));
  const std::string digest = stream.finish();
  SignatureOptions options;
  options.read_data = [&](const std::string&, const std::string& path) -> Result<std::string> {
    if (path == "bad.md5") return "# a list\n" + digest + "  evil.exe\n";
    return fail(Code::not_found, "there is no " + path);
  };
  Bench bench(
      "alert http any any -> any any (filemd5:bad.md5; sid:1;)\n"
      "alert http any any -> any any (filemd5:!bad.md5; sid:2;)\n"
      "alert http any any -> any any (filesha1:absent; sid:3;)\n",
      options);
  EXPECT_EQ(bench.set->rules().size(), 2U);
  const auto carry = [&](std::string_view content, bool truncated) {
    auto flow = Bench::flow(Protocol::http);
    FakeTransaction http(Protocol::http);
    const auto packet = bench.make(&flow, "", Direction::to_server, 6, 0x10);
    const auto half = content.size() / 2;
    bench.observer->on_file(
        {flow, &http, Direction::to_server, 0, "f", 0, as_bytes(content.substr(0, half)), 0, false, false, &packet});
    bench.observer->on_file(
        {flow, &http, Direction::to_server, 0, "f", half, as_bytes(content.substr(half)), 0, true, truncated, &packet});
    bench.observer->on_packet(packet);
    return bench.sids();
  };
  EXPECT_EQ(carry("evil file", false), Sids{1});
  EXPECT_EQ(carry("good file", false), Sids{2});
  EXPECT_EQ(carry("good file", true), Sids{});  // its digest says nothing
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
