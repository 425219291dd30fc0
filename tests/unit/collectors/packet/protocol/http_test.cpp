#include <gtest/gtest.h>

#include "collectors/base/base64.h"
#include "tests/unit/collectors/packet/parser_bench.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

std::string little(std::uint32_t value, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

// The third message of MS-NLMP with three names of one letter.
std::string ntlm_logon() {
  const auto field = [](std::uint32_t length, std::uint32_t at) {
    return little(length, 2) + little(length, 2) + little(at, 4);
  };
  return std::string("NTLMSSP\0", 8) + little(3, 4) + field(0, 72) + field(0, 72) + field(2, 72) + field(2, 74) +
         field(2, 76) + field(0, 78) + little(1, 4) + std::string(8, '\0') + std::string("D\0U\0H\0", 6);
}

std::string record_of(const std::string& authorization) {
  Bench bench;
  bench.handshake();
  bench.say(Direction::to_server, "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: " + authorization + "\r\n\r\n");
  bench.say(Direction::to_client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  bench.worker.finish();
  for (const auto& record : bench.records.json)
    if (record.find("http.request.method") != std::string::npos) return record;
  return {};
}

TEST(Http, WhoLogsOnWithNtlm) {
  for (const std::string scheme : {"NTLM ", "Negotiate ", "ntlm  "}) {
    const auto record = record_of(scheme + to_base64(ntlm_logon()));
    EXPECT_NE(record.find(R"("user.name":"U")"), std::string::npos) << record;
    EXPECT_NE(record.find(R"("user.domain":"D")"), std::string::npos) << record;
  }
}

TEST(Http, NonsenseInstead) {
  const auto whole = to_base64(ntlm_logon());
  for (const auto& text : {std::string("NTLM"), std::string("NTLM !!!"), std::string("Basic ") + whole,
                           "NTLM " + to_base64(ntlm_logon().substr(0, 60)), std::string("NTLM ") + whole + "="}) {
    const auto record = record_of(text);
    ASSERT_FALSE(record.empty()) << text;
    EXPECT_EQ(record.find("user.name"), std::string::npos) << record;
  }
}

// Between two requests the parser holds nothing of libhtp's: what comes in the middle of anything must not be that.
TEST(Http, RequestsOneAfterTheOtherInPiecesOfAnySize) {
  for (const std::size_t size : {1, 3, 20, 1'000}) {
    Bench bench;
    bench.handshake();
    const auto say = [&](Direction direction, const std::string& text) {
      for (std::size_t at = 0; at < text.size(); at += size) bench.say(direction, text.substr(at, size));
    };
    for (const std::string path : {"/first", "/second", "/third"}) {
      say(Direction::to_server, "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
      say(Direction::to_client, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    }
    // Two at once: the answer to the first is over while the second waits for its own.
    say(Direction::to_server, "GET /fourth HTTP/1.1\r\nHost: x\r\n\r\nGET /fifth HTTP/1.1\r\nHost: x\r\n\r\n");
    say(Direction::to_client, "HTTP/1.1 204 Nothing\r\n\r\nHTTP/1.1 404 None\r\nContent-Length: 2\r\n\r\nno");
    bench.worker.finish();
    std::string told;
    for (const auto& record : bench.records.json)
      for (const std::string path : {"/first", "/second", "/third", "/fourth", "/fifth"})
        if (record.find('"' + path + '"') != std::string::npos)
          told += path + (record.find("status_code\":200") != std::string::npos   ? " 200"
                          : record.find("status_code\":204") != std::string::npos ? " 204"
                                                                                  : " 404");
    EXPECT_EQ(told, "/first 200/second 200/third 200/fourth 204/fifth 404") << size;
  }
}

// The client reset while "67" was on its way: "89" never reached it, though it was sent. Rules on the stream see it.
TEST(Http, WhatStandsBehindAHoleThatNobodyAcknowledgedIsNotOfTheFile) {
  Bench bench;
  bench.handshake();
  const std::string request = "GET /file HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012345";
  bench.say(Direction::to_server, request);
  bench.say(Direction::to_client, answer);
  const auto asked = static_cast<std::uint32_t>(1001 + request.size());
  const auto told = static_cast<std::uint32_t>(5001 + answer.size());
  bench.tcp({server, client, told + 2, asked, tcp_flag::ack, "89"});
  bench.tcp({client, server, asked, told, tcp_flag::rst | tcp_flag::ack});
  bench.worker.finish();
  ASSERT_EQ(bench.listener.files.size(), 1U);
  EXPECT_EQ(bench.listener.files[0].content, "012345");
  EXPECT_TRUE(bench.listener.to_client.ends_with("01234589")) << bench.listener.to_client;
}

TEST(HttpEvents, WhatTheParserSaysIsRaisedOnItsTransaction) {
  const std::string request = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  struct Case {
    std::string client, server;
    PacketEvent event;
  };
  for (const auto& [client, server, event] : std::vector<Case>{
           {"GET / HTTP/1.1\r\nHost: a.example\r\nno colon\r\n\r\n", "", PacketEvent::http_request_field_missing_colon},
           {" GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "", PacketEvent::http_request_line_leading_whitespace},
           {"GET / HTTP/1.1\r\nHost: a.example\r\nX: 1\r\nX: 2\r\n\r\n", "",
            PacketEvent::http_request_header_repetition},
           {request, ok + "X: 1\r\nX: 2\r\n\r\n", PacketEvent::http_response_header_repetition},
           {request, ok + "no colon\r\n\r\n", PacketEvent::http_response_field_missing_colon},
           {request, "HTTP/1.1 999999 OK\r\nContent-Length: 0\r\n\r\n", PacketEvent::http_response_invalid_status},
           {request, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            PacketEvent::http_invalid_response_chunk_len},
           {"", ok + "\r\n", PacketEvent::http_unable_to_match_response_to_request}}) {
    ParserBench bench(Protocol::http);
    if (!client.empty()) bench.client(client);
    EXPECT_FALSE(!server.empty() && bench.raised(event)) << client;
    if (!server.empty()) bench.server(server);
    bench.finish();
    EXPECT_TRUE(bench.raised(event)) << client << server;
  }
}

TEST(HttpEvents, AHostThatCannotBeOne) {
  const auto raised = [](const std::string& target, const std::string& host, PacketEvent event) {
    ParserBench bench(Protocol::http);
    bench.client("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    return bench.raised(event);
  };
  EXPECT_FALSE(raised("http://a.example/", "a.example", PacketEvent::http_request_uri_host_invalid));
  EXPECT_TRUE(raised("http://a..example/", "a.example", PacketEvent::http_request_uri_host_invalid));
  EXPECT_FALSE(raised("http://a..example/", "a.example", PacketEvent::http_request_host_invalid));
  EXPECT_TRUE(raised("/", "a..example", PacketEvent::http_request_host_invalid));
}

TEST(HttpEvents, PartsThatNoFileCanHave) {
  for (const auto& [range, good] : std::vector<std::pair<std::string, bool>>{{"bytes 0-2/3", true},
                                                                             {"bytes 0-2/*", true},
                                                                             {"bytes */3", true},
                                                                             {"bytes 2-0/3", false},
                                                                             {"bytes 0-3/3", false},
                                                                             {"bytes 0-2", false},
                                                                             {"bytes x-2/3", false},
                                                                             {"pages 0-2/3", false}}) {
    ParserBench bench(Protocol::http);
    bench.client("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    bench.server("HTTP/1.1 206 Partial\r\nContent-Length: 3\r\nContent-Range: " + range + "\r\n\r\nabc");
    EXPECT_EQ(bench.raised(PacketEvent::http_range_invalid), !good) << range;
  }
}

TEST(HttpEvents, UploadsThatAreOdd) {
  const auto raised = [](const std::string& name, const std::string& header, const std::string& data,
                         PacketEvent event) {
    const std::string body = "--X\r\nContent-Disposition: form-data; filename=\"" + name + "\"\r\n" + header + "\r\n" +
                             data + "\r\n--X--\r\n";
    ParserBench bench(Protocol::http);
    bench.client("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Type: multipart/form-data; boundary=X\r\n" +
                 ("Content-Length: " + std::to_string(body.size())) + "\r\n\r\n" + body);
    return bench.raised(event);
  };
  EXPECT_FALSE(raised("a", "Content-Type: a\r\n", "data", PacketEvent::http_multipart_invalid_header));
  EXPECT_TRUE(raised("a", "Content-Type\r\n", "data", PacketEvent::http_multipart_invalid_header));
  EXPECT_FALSE(raised("a", "", "data", PacketEvent::http_multipart_no_filedata));
  EXPECT_TRUE(raised("a", "", "", PacketEvent::http_multipart_no_filedata));
  EXPECT_FALSE(raised(std::string(4'096, 'a'), "", "data", PacketEvent::http_file_name_too_long));
  EXPECT_TRUE(raised(std::string(4'097, 'a'), "", "data", PacketEvent::http_file_name_too_long));
}

TEST(HttpEvents, AnEncodingThatNobodyKnowsIsStrangeAndBrotliIsNot) {
  for (const std::string encoding : {"br", "curious"}) {
    ParserBench bench(Protocol::http);
    bench.client("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    bench.server("HTTP/1.1 200 OK\r\nContent-Encoding: " + encoding + "\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_EQ(bench.raised(PacketEvent::http_abnormal_ce_header), encoding != "br");
  }
}

TEST(HttpEvents, OfVeryManyMistakesTheLastIsThatThereAreSoMany) {
  ParserBench bench(Protocol::http);
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(bench.raised(PacketEvent::http_too_many_warnings), i > 512) << i;
    bench.client("GET / HTTP/1.1\r\nHost: a.example\r\nno colon\r\n\r\n");
    bench.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }
  EXPECT_EQ(bench.state, ParserState::more);
}

}  // namespace
}  // namespace tocsin::collectors::testing
