#include <gtest/gtest.h>

#include "collectors/packet/protocol/pgsql/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string number(std::uint32_t value) {
  return {static_cast<char>(value >> 24U), static_cast<char>(value >> 16U), static_cast<char>(value >> 8U),
          static_cast<char>(value)};
}
std::string tagged(char tag, const std::string& body) {
  return tag + number(static_cast<std::uint32_t>(body.size() + 4)) + body;
}
std::string startup() {
  const std::string body = number(196'608) + std::string("user\0me\0database\0db\0\0", 21);
  return number(static_cast<std::uint32_t>(body.size() + 4)) + body;
}
const std::string ready = tagged('Z', "I");

TEST(Pgsql, QueryAndItsRows) {
  const auto query = tagged('Q', std::string("SELECT 1;\0", 10));
  const auto row = tagged('D', std::string("\0\1\0\0\0\3abc", 9));
  for (const std::size_t step : {1U, 7U, 1'000U}) {
    ParserBench bench(Protocol::pgsql);
    const auto first = startup() + query;
    for (std::size_t at = 0; at < first.size(); at += step) bench.client(first.substr(at, step));
    const auto answer = tagged('R', number(0)) + tagged('S', std::string("TimeZone\0UTC\0", 13)) + ready +
                        tagged('T', std::string("\0\1", 2)) + row + row + tagged('C', std::string("SELECT 2\0", 9)) +
                        ready;
    for (std::size_t at = 0; at < answer.size(); at += step) bench.server(answer.substr(at, step));
    ASSERT_EQ(bench.records.size(), 2U);
    EXPECT_EQ(bench.text("pgsql.query"), "SELECT 1;");
    EXPECT_NE(bench.records[0].find("\"time_zone\":\"UTC\""), std::string::npos);
    EXPECT_NE(bench.records[1].find("\"data_rows\":2,\"data_size\":6"), std::string::npos);
  }
}

TEST(Pgsql, TlsTakesOver) {
  ParserBench bench(Protocol::pgsql);
  bench.client(number(8) + number(80'877'103));
  bench.server("S");
  EXPECT_EQ(bench.state, ParserState::restart);
  EXPECT_NE(bench.records.at(0).find("\"ssl_accepted\":true"), std::string::npos);
}

TEST(Pgsql, PasswordsStayOut) {
  ParserBench bench(Protocol::pgsql);
  bench.client(startup());
  bench.server(tagged('R', number(3)));
  bench.client(tagged('p', std::string("secret\0", 7)));
  bench.server(tagged('R', number(0)) + ready);
  ASSERT_EQ(bench.records.size(), 2U);
  EXPECT_EQ(bench.records[1].find("secret"), std::string::npos);
}

TEST(Pgsql, TooLongIsSteppedOver) {
  ParserBench bench(Protocol::pgsql);
  bench.client(startup());
  bench.server(tagged('R', number(0)) + ready);
  bench.client("Q" + number(1U << 24U) + std::string(50'000, 'x'));
  EXPECT_EQ(bench.state, ParserState::more);
  bench.client("\xff\xff\xff\xff\xff\xff");
  EXPECT_EQ(bench.state, ParserState::more);
}

TEST(Pgsql, Detection) {
  const auto probe = [](std::string_view bytes) {
    return probe_pgsql({Direction::to_server, as_bytes(bytes), 40'000, 9'999, true, false});
  };
  EXPECT_EQ(probe(startup()), Probe::yes);
  EXPECT_EQ(probe(startup().substr(0, 3)), Probe::more);
  EXPECT_EQ(probe("GET / HTTP/1.1"), Probe::no);
}

TEST(Pgsql, AnythingIsSurvived) { feed_anything(Protocol::pgsql, startup()); }

}  // namespace
}  // namespace tocsin::collectors::testing
