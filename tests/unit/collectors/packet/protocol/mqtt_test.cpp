#include <gtest/gtest.h>

#include "collectors/packet/protocol/mqtt/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string text(std::string_view value) {
  return std::string(1, '\0') + static_cast<char>(value.size()) + std::string(value);
}
std::string packet(unsigned head, const std::string& body) {
  return std::string(1, static_cast<char>(head)) + static_cast<char>(body.size()) + body;
}
std::string connect() {
  return packet(0x10, text("MQTT") + std::string("\x04\xc2\0\x3c", 4) + text("me") + text("user") + text("pass"));
}
const std::string connack("\x20\x02\0\0", 4);

TEST(Mqtt, ConnectAndItsAnswerAreOne) {
  const auto bytes = connect();
  for (const std::size_t step : {1U, 3U, 1'000U}) {
    ParserBench bench(Protocol::mqtt);
    for (std::size_t at = 0; at < bytes.size(); at += step) bench.client(bytes.substr(at, step));
    bench.server(connack);
    ASSERT_EQ(bench.records.size(), 1U);
    EXPECT_EQ(bench.text("mqtt.connect.clientid"), "me");
    EXPECT_EQ(bench.text("mqtt.connect.username"), "user");
    EXPECT_EQ(bench.text("mqtt.connect.password"), "pass");
    EXPECT_NE(bench.records[0].find("\"return_code\":0"), std::string::npos);
  }
}

TEST(Mqtt, PublishWaitsForItsAcknowledgement) {
  ParserBench bench(Protocol::mqtt);
  bench.client(connect());
  bench.server(connack);
  bench.client(packet(0x32, text("topic") + std::string("\0\x07", 2) + "message"));
  EXPECT_EQ(bench.records.size(), 1U);
  bench.server(std::string("\x40\x02\0\x07", 4));
  EXPECT_EQ(bench.records.size(), 2U);
  EXPECT_EQ(bench.text("mqtt.publish.topic"), "topic");
  EXPECT_EQ(bench.text("mqtt.publish.message"), "message");
}

TEST(Mqtt, LongTextsAreCutInRecords) {
  ParserBench bench(Protocol::mqtt);
  bench.client(connect());
  bench.server(connack);
  const std::string body = text("topic") + std::string(1'500, 'm');
  bench.client(std::string("\x30") + static_cast<char>(0x80 | (body.size() & 0x7F)) +
               static_cast<char>(body.size() >> 7) + body);
  ASSERT_EQ(bench.records.size(), 2U);
  EXPECT_NE(bench.records[1].find("m[truncated 476 additional bytes]\""), std::string::npos);
}

TEST(Mqtt, WhatIsOutOfPlaceIsSaid) {
  ParserBench bench(Protocol::mqtt);
  bench.client(packet(0xC0, ""));
  EXPECT_TRUE(bench.raised(PacketEvent::mqtt_unintroduced_message));
  bench.server(connack);
  EXPECT_TRUE(bench.raised(PacketEvent::mqtt_missing_connect));
  bench.client(packet(0x36, text("t") + std::string("\0\x01", 2)));
  EXPECT_TRUE(bench.raised(PacketEvent::mqtt_invalid_qos_level));
}

TEST(Mqtt, TooLongIsSteppedOver) {
  ParserBench bench(Protocol::mqtt);
  bench.client(connect());
  bench.client(std::string("\x30\xff\xff\xff\x7f", 5));
  bench.client(std::string(100'000, 'x'));
  EXPECT_EQ(bench.state, ParserState::more);
  EXPECT_NE(bench.records.at(0).find("skipped_length"), std::string::npos);
}

TEST(Mqtt, Detection) {
  const auto probe = [](std::string_view bytes) {
    return probe_mqtt({Direction::to_server, as_bytes(bytes), 40'000, 9'999, true, false});
  };
  EXPECT_EQ(probe(connect()), Probe::yes);
  EXPECT_EQ(probe(connect().substr(0, 5)), Probe::more);
  EXPECT_EQ(probe("GET / HTTP/1.1"), Probe::no);
  EXPECT_EQ(probe(connack), Probe::no);
}

}  // namespace
}  // namespace tocsin::collectors::testing
