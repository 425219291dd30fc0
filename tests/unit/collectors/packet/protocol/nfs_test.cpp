#include <gtest/gtest.h>

#include "collectors/packet/protocol/nfs/call.h"
#include "collectors/packet/protocol/nfs/rpc.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string word(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}
std::string opaque(const std::string& text) {
  return word(static_cast<std::uint32_t>(text.size())) + text + std::string((4 - text.size() % 4) % 4, '\0');
}
std::string call(std::uint32_t id, std::uint32_t version, std::uint32_t procedure, const std::string& arguments) {
  const auto credentials = opaque(word(1) + opaque("desk") + word(1'000) + word(100) + word(0));
  return word(id) + word(0) + word(2) + word(100'003) + word(version) + word(procedure) + word(1) + credentials +
         word(0) + word(0) + arguments;
}
std::string reply(std::uint32_t id, const std::string& results) {
  return word(id) + word(1) + word(0) + word(0) + word(0) + word(0) + results;
}
std::string marked(const std::string& message) {
  return word(0x8000'0000U | static_cast<std::uint32_t>(message.size())) + message;
}
std::string write(std::uint32_t id, std::uint32_t offset, std::uint32_t stable, const std::string& data) {
  return call(id, 3, 7, opaque("handle") + word(0) + word(offset) + word(8) + word(stable) + opaque(data));
}

TEST(Nfs, LookupNamesTheHandle) {
  ParserBench bench(Protocol::nfs, ip_protocol::udp);
  bench.client(call(1, 3, 3, opaque("root") + opaque("notes.txt")));
  EXPECT_EQ(bench.number("nfs_version"), 3U);
  EXPECT_EQ(bench.number("nfs_procedure"), 3U);
  bench.server(reply(1, word(0) + opaque("handle")));
  bench.client(call(2, 3, 1, opaque("handle")));
  bench.server(reply(2, word(0)));
  ASSERT_EQ(bench.records.size(), 2U);
  EXPECT_NE(bench.records[0].find("\"creds\":{\"machine_name\":\"desk\",\"uid\":1000,\"gid\":100}"), std::string::npos);
  EXPECT_NE(bench.records[1].find("\"procedure\":\"GETATTR\",\"filename\":\"notes.txt\""), std::string::npos);
}

TEST(Nfs, WritesBecomeAFile) {
  ParserBench bench(Protocol::nfs);
  const auto first = marked(write(1, 0, 0, "hello "));
  for (const char byte : first) bench.client(std::string(1, byte));
  bench.client(marked(write(2, 6, 0, "world")));
  bench.server(marked(reply(1, word(0))) + marked(reply(2, word(0))));
  EXPECT_EQ(bench.text("file.data"), "hello world");
  EXPECT_TRUE(bench.records.empty());
  bench.client(marked(call(3, 3, 21, opaque("handle") + word(0) + word(0) + word(0))));
  bench.server(marked(reply(3, word(0))));
  ASSERT_EQ(bench.files.size(), 1U);
  EXPECT_TRUE(bench.files[0].ended);
  EXPECT_FALSE(bench.files[0].truncated);
  EXPECT_EQ(bench.files[0].content, "hello world");
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_NE(bench.records[0].find("\"write\":{\"first\":true,\"last\":true,\"last_xid\":2,\"chunks\":2}"),
            std::string::npos);
}

TEST(Nfs, PiecesMissingAndSentAgain) {
  ParserBench bench(Protocol::nfs, ip_protocol::udp);
  bench.client(write(1, 4, 0, "efgh"));
  bench.client(write(2, 6, 2, "ghij"));
  bench.server(reply(2, word(0)));
  ASSERT_EQ(bench.files.size(), 1U);
  EXPECT_EQ(bench.files[0].content, "efghij");
  EXPECT_EQ(bench.files[0].gaps, 4U);
  EXPECT_TRUE(bench.files[0].truncated);
}

TEST(Nfs, ReadsToTheEnd) {
  ParserBench bench(Protocol::nfs, ip_protocol::udp);
  bench.client(call(1, 3, 6, opaque("handle") + word(0) + word(0) + word(100)));
  bench.server(reply(1, word(0) + word(0) + word(4) + word(1) + opaque("data")));
  ASSERT_EQ(bench.files.size(), 1U);
  EXPECT_EQ(bench.files[0].content, "data");
  EXPECT_EQ(bench.records.size(), 1U);
}

TEST(Nfs, Hostile) {
  const auto whole = write(1, 0, 0, "hello");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto part = parse_rpc_call(as_bytes(std::string_view(whole).substr(0, size)));
    if (!part) continue;
    EXPECT_FALSE(parse_nfs_call(part->version, part->procedure, part->arguments).has_value());
  }
  ParserBench bench(Protocol::nfs);
  bench.client(word(0xFFFF'FFFFU) + std::string(100, 'x'));
  EXPECT_EQ(bench.state, ParserState::more);
  bench.lose(Direction::to_server, 1'000'000);
  EXPECT_EQ(bench.state, ParserState::more);
  ParserBench versions(Protocol::nfs, ip_protocol::udp);
  versions.client(call(1, 9, 1, ""));
  EXPECT_TRUE(versions.raised(PacketEvent::nfs_unsupported_version));
  versions.client(call(1, 3, 7, opaque(std::string(64, 'h')) + word(0xFFFF'FFFFU)));
  EXPECT_TRUE(versions.raised(PacketEvent::nfs_malformed_data));
}

}  // namespace
}  // namespace tocsin::collectors::testing
