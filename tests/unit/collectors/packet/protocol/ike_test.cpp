#include <gtest/gtest.h>

#include "collectors/packet/protocol/ike/message.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string word(std::size_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)}; }
std::string part(char next, const std::string& content) {
  return std::string(1, next) + '\0' + word(content.size() + 4) + content;
}
std::string message(char version, char exchange, char flags, char next, const std::string& payloads) {
  return "INITIATERESPOND." + std::string{next, version, exchange, flags} + std::string(4, '\0') +
         std::string(2, '\0') + word(payloads.size() + 28) + payloads;
}
std::string first_association() {
  const auto transform = part(0, std::string("\1\1\0\0", 4) + std::string("\x80\1\0\7\x80\2\0\2\x80\x0e\0\x80", 12));
  const auto proposal = part(0, std::string("\1\1\0\1", 4) + transform);
  return part(0, std::string("\0\0\0\1\0\0\0\1", 8) + proposal);
}
std::string second_association(char group) {
  const auto transform = [](char next, char type, char id) { return part(next, std::string{type, 0, 0, id}); };
  const auto transforms = transform(3, 1, 12) + transform(3, 2, 5) + transform(3, 3, 12) + transform(0, 4, group);
  return part(0, part(0, std::string("\1\1\0\4", 4) + transforms));
}

TEST(Ike, ChosenAttributesOfVersion1) {
  ParserBench bench(Protocol::ike, ip_protocol::udp);
  bench.server(message(0x10, 2, 0, 1, first_association()));
  EXPECT_EQ(bench.number("ike.exchtype"), 2U);
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_NE(bench.records[0].find("\"alg_enc\":\"EncAesCbc\",\"alg_enc_raw\":7"), std::string::npos);
  EXPECT_EQ(bench.number("ike.chosen_sa_attribute"), ike_packed(IkeAttribute::key_length, 128));
}

TEST(Ike, WeakGroupsOfVersion2) {
  ParserBench bench(Protocol::ike, ip_protocol::udp);
  bench.client(message(0x20, 34, 8, 33, second_association(14)));
  EXPECT_FALSE(bench.raised(PacketEvent::ike_weak_crypto_dh));
  bench.client(message(0x20, 34, 8, 33, second_association(2)));
  EXPECT_TRUE(bench.raised(PacketEvent::ike_weak_crypto_dh));
  EXPECT_NE(bench.records[0].find("\"payload\":[\"SecurityAssociation\",\"NoNextPayload\"]"), std::string::npos);
}

TEST(Ike, EncryptedAndMalformed) {
  ParserBench bench(Protocol::ike, ip_protocol::udp);
  bench.client(message(0x10, 2, 1, 5, std::string(16, 'x')));
  EXPECT_NE(bench.records.at(0).find("\"encrypted_payloads\":true"), std::string::npos);
  bench.client(message(0x10, 2, 0, 1, part(0, "short")));
  EXPECT_TRUE(bench.raised(PacketEvent::ike_malformed_data));
  const auto whole = message(0x20, 34, 8, 33, second_association(14));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_ike(as_bytes(whole.substr(0, size))).has_value());
}

}  // namespace
}  // namespace tocsin::collectors::testing
