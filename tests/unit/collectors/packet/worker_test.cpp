#include "collectors/packet/worker.h"

#include <gtest/gtest.h>

#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

TEST(PacketWorker, HttpRequestAndAnswerBecomeOneRecord) {
  Bench bench;
  bench.handshake();
  bench.say(
      Direction::to_server,
      "GET /a/%2e%2e/b%20c?x=1%32 HTTP/1.1\r\nHost: Example.COM:8080\r\nUser-Agent: probe\r\nCookie: k=v\r\n\r\n");
  bench.say(Direction::to_client, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(bench.listener.text("http.uri"), "/b c?x=12");
  EXPECT_EQ(bench.listener.text("http.uri.raw"), "/a/%2e%2e/b%20c?x=1%32");
  EXPECT_EQ(bench.listener.text("http.host"), "example.com");
  EXPECT_EQ(bench.listener.text("http.host.raw"), "Example.COM:8080");
  EXPECT_EQ(bench.listener.text("http.method"), "GET");
  EXPECT_EQ(bench.listener.text("http.cookie"), "k=v");
  EXPECT_EQ(bench.listener.text("http.response_body"), "hello");
  EXPECT_EQ(bench.listener.text("http.stat_code"), "200");
  EXPECT_EQ(bench.listener.text("http.stat_msg"), "OK");
  ASSERT_EQ(bench.listener.files.size(), 1U);
  EXPECT_EQ(bench.listener.files[0].content, "hello");
  EXPECT_TRUE(bench.listener.files[0].ended);
  EXPECT_FALSE(bench.listener.files[0].truncated);
  bench.worker.finish();
  ASSERT_EQ(bench.records.json.size(), 2U);  // the request, the flow
  EXPECT_NE(bench.records.json[0].find("\"http.response.status_code\":200"), std::string::npos)
      << bench.records.json[0];
  EXPECT_NE(bench.records.json[0].find("\"url.path\":\"/b c\""), std::string::npos) << bench.records.json[0];
  EXPECT_NE(bench.records.json[1].find("\"network.protocol\":\"http\""), std::string::npos);
  const auto& counters = bench.worker.counters();
  EXPECT_EQ(counters.received, counters.decoded + counters.undecodable);
  EXPECT_EQ(counters.flows, 1U);
  EXPECT_EQ(counters.flows_active, 0U);
}

TEST(PacketWorker, HeaderBuffersHaveTheFormRulesExpect) {
  Bench bench;
  bench.handshake();
  bench.say(Direction::to_server, "GET / HTTP/1.1\r\nHost: h\r\nCookie: k\r\nAccept: a\r\n\r\n");
  EXPECT_EQ(bench.listener.text("http.header"), "Host: h\r\nAccept: a\r\n\r\n");
  EXPECT_EQ(bench.listener.text("http.header_names"), "\r\nHost\r\nCookie\r\nAccept\r\n\r\n");
  EXPECT_EQ(bench.listener.text("http.start"), "GET / HTTP/1.1\r\nHost: h\r\nCookie: k\r\nAccept: a\r\n\r\n");
  EXPECT_EQ(bench.listener.text("http.request_line"), "GET / HTTP/1.1");
}

TEST(PacketWorker, UploadedFilesAreHandedOnByName) {
  Bench bench;
  bench.handshake();
  const std::string body =
      "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nplain\r\n--XX\r\n"
      "Content-Disposition: form-data; name=\"f\"; filename=\"shell.php\"\r\nContent-Type: text/x-php\r\n\r\n"
      "<?php echo 1;\r\n?>\r\n--XX--\r\n";
  const std::string head =
      "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=XX\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n";
  for (const char byte : head + body) bench.say(Direction::to_server, std::string_view(&byte, 1));
  ASSERT_EQ(bench.listener.files.size(), 1U);
  EXPECT_EQ(bench.listener.files[0].name, "shell.php");
  EXPECT_EQ(bench.listener.files[0].content, "<?php echo 1;\r\n?>");
  EXPECT_TRUE(bench.listener.files[0].ended);
  EXPECT_FALSE(bench.listener.files[0].truncated);
  EXPECT_EQ(bench.listener.text("http.request_body"), body);
}

TEST(PacketWorker, DnsQueryAndAnswer) {
  Bench bench;
  const Endpoint resolver{0x0A000035, 53};
  const std::string query(
      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07"
      "example\x03"
      "com\x00\x00\x01\x00\x01",
      33);
  bench.frame(udp_frame(client, resolver, query));
  EXPECT_EQ(bench.listener.text("dns.query"), "www.example.com");
  std::string answer = query;
  answer[2] = '\x81';
  answer[3] = '\x80';
  answer[7] = '\x01';
  answer += std::string("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x5d\xb8\xd8\x22", 16);
  bench.frame(udp_frame(resolver, client, answer));
  bench.worker.finish();
  ASSERT_EQ(bench.records.json.size(), 3U);
  EXPECT_NE(bench.records.json[0].find("\"dns.type\":\"query\""), std::string::npos);
  EXPECT_NE(bench.records.json[1].find("\"dns.resolved_ip\":\"93.184.216.34\""), std::string::npos)
      << bench.records.json[1];
  EXPECT_NE(bench.records.json[1].find("\"dns.response_code\":\"NOERROR\""), std::string::npos);
  EXPECT_NE(bench.records.json[2].find("\"flow.state\":\"established\""), std::string::npos);
}

TEST(PacketWorker, TheSameFramesGiveTheSameRecords) {
  const auto run = [] {
    Bench bench;
    bench.handshake();
    bench.say(Direction::to_server, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    bench.say(Direction::to_client, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    bench.worker.finish();
    return bench.records.json;
  };
  EXPECT_EQ(run(), run());
}

TEST(WorkerOf, DoesNotDependOnTheDirection) {
  const auto up = udp_frame(client, server, "x");
  const auto down = udp_frame(server, client, "y");
  const auto number = [](const std::vector<std::uint8_t>& bytes) {
    RawFrame raw;
    raw.link_type = 1;
    raw.bytes = bytes;
    raw.wire_length = bytes.size();
    return worker_of(raw, 7);
  };
  EXPECT_EQ(number(up), number(down));
}

TEST(PacketWorker, AnAnswerInAnotherProtocolIsSaid) {
  for (const bool other : {false, true}) {
    Bench bench;
    bench.handshake();
    bench.say(Direction::to_server, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    bench.say(Direction::to_client,
              other ? "SSH-2.0-OpenSSH_9.2p1\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    bench.worker.finish();
    EXPECT_EQ(bench.listener.flow_events.test(static_cast<std::size_t>(PacketEvent::app_mismatch_both_directions)),
              other);
  }
}

namespace {

bool of_flow(const Bench& bench, PacketEvent event) {
  return bench.listener.flow_events.test(static_cast<std::size_t>(event));
}

}  // namespace

TEST(PacketWorker, AnAnswerInNoProtocolIsSaid) {
  for (const std::string answer : {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "\x01\x02 nobody speaks so \x03"}) {
    Bench bench;
    bench.handshake();
    bench.say(Direction::to_server, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    bench.say(Direction::to_client, answer);
    bench.worker.finish();
    EXPECT_EQ(of_flow(bench, PacketEvent::app_detect_one_direction_only), answer[0] != 'H');
  }
}

TEST(PacketWorker, AServerThatBeginsWhereOnlyClientsCan) {
  for (const bool server_first : {false, true}) {
    Bench bench;
    bench.handshake();
    if (server_first) bench.say(Direction::to_client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    bench.say(Direction::to_server, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    bench.worker.finish();
    EXPECT_EQ(of_flow(bench, PacketEvent::app_wrong_direction_first_data), server_first);
  }
}

TEST(PacketWorker, OneSideThatSaysMuchOfNothingKnown) {
  Bench bench;
  bench.handshake();
  for (int i = 0; i < 101; ++i) {
    EXPECT_FALSE(of_flow(bench, PacketEvent::app_proto_detection_skipped));
    bench.say(Direction::to_client, std::string(1'000, '\x07'));
  }
  bench.worker.finish();
  EXPECT_TRUE(of_flow(bench, PacketEvent::app_proto_detection_skipped));
}

TEST(PacketWorker, AfterStarttlsSomethingElse) {
  const std::string hello("\x16\x03\x01\x00\x05\x01\x00\x00\x01x", 10);
  for (const std::string& next : {hello, std::string("SSH-2.0-OpenSSH_9.2p1\r\n")}) {
    Bench bench;
    bench.handshake();
    bench.say(Direction::to_client, "220 mail.example ESMTP\r\n");
    bench.say(Direction::to_server, "EHLO a\r\n");
    bench.say(Direction::to_client, "250 STARTTLS\r\n");
    bench.say(Direction::to_server, "STARTTLS\r\n");
    bench.say(Direction::to_client, "220 go ahead\r\n");
    bench.say(Direction::to_server, next);
    bench.worker.finish();
    EXPECT_EQ(of_flow(bench, PacketEvent::app_no_tls_after_starttls), next != hello);
    EXPECT_EQ(of_flow(bench, PacketEvent::app_unexpected_protocol), next != hello);
  }
}

TEST(PacketWorker, ThePacketThatShowsAHoleInItsStreamIsMarked) {
  Bench bench;
  bench.handshake();
  bench.say(Direction::to_server, "GET / HT");
  EXPECT_FALSE(bench.listener.raised(PacketEvent::stream_gap));
  bench.tcp({client, server, 1'109, 5'001, tcp_flag::ack, "later"});
  bench.tcp({server, client, 5'001, 1'114, tcp_flag::ack, ""});
  EXPECT_TRUE(bench.listener.raised(PacketEvent::stream_gap));
}

}  // namespace
}  // namespace tocsin::collectors::testing
