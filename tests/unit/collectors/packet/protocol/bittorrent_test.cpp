#include <gtest/gtest.h>

#include "collectors/packet/protocol/bittorrent/message.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

const std::string id = "abcdefghij0123456789";
const std::string ping = "d1:ad2:id20:" + id + "e1:q4:ping1:t2:aa1:v4:LT011:y1:qe";
const std::string peers = "d1:rd2:id20:" + id + "5:nodes26:" + id + std::string("\x7f\0\0\1\x1a\xe1", 6) +
                          "5:token2:xy6:valuesl6:" + std::string("\x0a\0\0\2\0\x50", 6) + "ee1:t2:aa1:y1:re";
const std::string announce = "d1:ad2:id20:" + id + "12:implied_porti1e9:info_hash20:" + id +
                             "4:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe";

TEST(Bittorrent, RequestsAndAnswers) {
  ParserBench bench(Protocol::bittorrent, ip_protocol::udp);
  bench.client(ping);
  bench.server(peers);
  bench.client(announce);
  bench.server("d1:eli201e13:Generic Errore1:t2:aa1:y1:ee");
  bench.client("something else on this port");
  ASSERT_EQ(bench.records.size(), 4U);
  const auto has = [&](std::size_t at, const std::string& part) {
    EXPECT_NE(bench.records[at].find(part), std::string::npos) << bench.records[at];
  };
  has(0, R"("transaction_id":"6161","client_version":"4c543031","request_type":"ping")");
  has(1, R"("ip":"127.0.0.1","port":6881)");
  has(1, R"("values":[{"ip":"10.0.0.2","port":80}],"token":"7879")");
  has(2, R"("implied_port":1,"port":6881)");
  has(3, R"("error":{"num":201,"msg":"Generic Error"})");
}

TEST(Bittorrent, EveryCutIsSurvived) {
  for (const auto& whole : {ping, peers, announce}) {
    EXPECT_TRUE(parse_dht(as_bytes(whole)).has_value());
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(parse_dht(as_bytes(whole.substr(0, size))).has_value()) << size;
  }
}

TEST(Bittorrent, MalformedMessages) {
  for (const std::string text :
       {"d1:y1:q1:t2:aae", "d1:t2:aae", "d1:ad2:id20:abce", "d1:t99999:ae", "d1:t-1:ae", "d1:ti99999999999999999999ee",
        "dddddddddddddddd", "llllllllllllllll", "d1:rd2:id1:a1:xllleee1:t1:a1:y1:re", "i5e", "", "d", "e"})
    EXPECT_FALSE(parse_dht(as_bytes(text)).has_value()) << text;
  EXPECT_FALSE(parse_dht(as_bytes(std::string(60'000, 'd'))).has_value());
}

TEST(Bittorrent, AnythingIsSurvived) { feed_anything(Protocol::bittorrent, "d1:ad2:id", ip_protocol::udp); }

}  // namespace
}  // namespace tocsin::collectors::testing
