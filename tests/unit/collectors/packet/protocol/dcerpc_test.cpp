#include <gtest/gtest.h>

#include "collectors/packet/protocol/dcerpc/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string unit(std::uint8_t type, std::uint8_t flags, std::uint8_t call, const std::string& body) {
  std::string out("\x05\0", 2);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  out += std::string("\x10\0\0\0", 4);
  out += static_cast<char>(16 + body.size());
  out += std::string(3, '\0');
  out += static_cast<char>(call);
  return out + std::string(3, '\0') + body;
}
constexpr std::uint8_t first = 1, last = 2, whole = 3;

const std::string uuid("\x7b\xb3\x6a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\0\x10\x03", 16);
std::string bind() {
  return unit(11, whole, 1,
              std::string("\xb8\x10\xb8\x10\0\0\0\0\x01\0\0\0\0\0\x01\0", 16) + uuid + std::string("\x02\0\0\0", 4) +
                  std::string(20, '\0'));
}
std::string bind_ack(char result) {
  return unit(12, whole, 1,
              std::string("\xb8\x10\xb8\x10\0\0\0\0\0\0\0\0\x01\0\0\0", 16) + result + std::string(23, '\0'));
}
std::string request(std::uint8_t flags, std::uint8_t call, const std::string& stub) {
  return unit(0, flags, call, std::string("\x04\0\0\0\0\0\x0f\0", 8) + stub);
}
std::string response(std::uint8_t flags, std::uint8_t call, const std::string& stub) {
  return unit(2, flags, call, std::string("\x04\0\0\0\0\0\0\0", 8) + stub);
}

TEST(Dcerpc, CallsKnowTheirInterface) {
  ParserBench bench(Protocol::dcerpc);
  bench.client(bind());
  bench.server(bind_ack(0));
  bench.client(request(whole, 2, "ask"));
  EXPECT_EQ(bench.number("dcerpc.opnum"), 15U);
  EXPECT_EQ(bench.text("dcerpc.iface"),
            std::string("\x36\x6a\xb3\x7b\x98\x44\x35\xf1\xad\x32\x98\xf0\x38\0\x10\x03\x02\0\0\0", 20));
  bench.server(response(whole, 2, "answer"));
  EXPECT_EQ(bench.text("dcerpc.stub_data"), std::string("\x04\0\0\0\0\0\0\0", 8) + "answer");
  ASSERT_EQ(bench.records.size(), 2U);
  EXPECT_NE(bench.records[0].find("\"request\":\"BIND\""), std::string::npos);
  EXPECT_NE(bench.records[0].find("366ab37b-9844-35f1-ad32-98f038001003"), std::string::npos);
  EXPECT_NE(bench.records[1].find("\"opnum\":15"), std::string::npos);
}

TEST(Dcerpc, AnInterfaceThatWasRefusedIsNotCalled) {
  ParserBench bench(Protocol::dcerpc);
  bench.client(bind());
  bench.server(bind_ack(2));
  bench.client(request(whole, 2, "ask"));
  EXPECT_EQ(bench.text("dcerpc.iface"), "<none>");
}

TEST(Dcerpc, FragmentsArePutTogetherInAnySegments) {
  const auto bytes = request(first, 2, "one ") + request(0, 2, "two ") + request(last, 2, "three");
  for (const std::size_t step : {1U, 5U, 1'000U}) {
    ParserBench bench(Protocol::dcerpc);
    for (std::size_t at = 0; at < bytes.size(); at += step) bench.client(bytes.substr(at, step));
    EXPECT_EQ(bench.text("dcerpc.stub_data"), "one two three");
  }
}

TEST(Dcerpc, AnswersWithoutTheirRequestAreSaid) {
  ParserBench bench(Protocol::dcerpc);
  bench.server(response(whole, 7, "x"));
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_NE(bench.records[0].find("REQUEST_LOST"), std::string::npos);
}

TEST(Dcerpc, AfterALossTheNextUnitCounts) {
  ParserBench bench(Protocol::dcerpc);
  bench.client(bind().substr(0, 20));
  bench.lose(Direction::to_server, 100);
  bench.client("not a unit");
  bench.client(request(whole, 3, "again"));
  EXPECT_EQ(bench.text("dcerpc.stub_data"), "again");
}

TEST(Dcerpc, Detection) {
  const auto probe = [](const std::string& bytes, Direction direction, bool unseen) {
    return probe_dcerpc({direction, as_bytes(bytes), 40'000, 49'152, true, unseen});
  };
  EXPECT_EQ(probe(bind(), Direction::to_server, false), Probe::yes);
  EXPECT_EQ(probe(bind().substr(0, 9), Direction::to_server, false), Probe::more);
  EXPECT_EQ(probe(response(whole, 1, "x"), Direction::to_server, true), Probe::reversed);
  EXPECT_EQ(probe(std::string("\x05\x00\x63 and more", 12), Direction::to_server, false), Probe::no);
}

}  // namespace
}  // namespace tocsin::collectors::testing
