#include <gtest/gtest.h>

#include "collectors/packet/protocol/smb/authentication.h"
#include "collectors/packet/protocol/smb/command.h"
#include "collectors/packet/protocol/smb/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string little(std::uint64_t value, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string wide(std::string_view text) {
  std::string out;
  for (const char c : text) out += c, out += '\0';
  return out;
}
std::string zeros(std::size_t count) { return std::string(count, '\0'); }

std::string frame(const std::string& message) {
  std::string out(1, '\0');
  out += static_cast<char>(message.size() >> 16);
  out += static_cast<char>(message.size() >> 8);
  out += static_cast<char>(message.size());
  return out + message;
}

struct Head {
  std::uint16_t command = 0;
  bool response = false;
  std::uint64_t message = 0;
  std::uint32_t status = 0;
  std::uint32_t tree = 5;
};
std::string smb2(const Head& head, const std::string& body) {
  std::string out("\xfeSMB");
  out += little(64, 2) + zeros(2) + little(head.status, 4) + little(head.command, 2) + little(1, 2);
  out += little(head.response ? 1 : 0, 4) + zeros(4) + little(head.message, 8) + zeros(4) + little(head.tree, 4);
  out += little(0x400, 8) + zeros(16);
  return frame(out + body);
}

const std::string file_id = "0123456789abcdef";

std::string connect_request(const std::string& path) {
  return smb2({.command = 3, .message = 1, .tree = 0},
              little(9, 2) + zeros(2) + little(72, 2) + little(2 * path.size(), 2) + wide(path));
}
std::string connect_response(std::uint8_t kind) {
  return smb2({.command = 3, .response = true, .message = 1},
              little(16, 2) + std::string(1, static_cast<char>(kind)) + zeros(13));
}
std::string create_request(const std::string& name) {
  return smb2({.command = 5, .message = 2}, little(57, 2) + zeros(34) + little(1, 4) + zeros(4) + little(120, 2) +
                                                little(2 * name.size(), 2) + zeros(8) + wide(name));
}
std::string create_response() {
  return smb2({.command = 5, .response = true, .message = 2}, little(89, 2) + zeros(62) + file_id + zeros(8));
}
std::string write_request(std::uint64_t message, std::uint64_t offset, const std::string& data) {
  return smb2({.command = 9, .message = message},
              little(49, 2) + little(112, 2) + little(data.size(), 4) + little(offset, 8) + file_id + zeros(16) + data);
}
std::string read_request(std::uint64_t message, std::uint64_t offset) {
  return smb2({.command = 8, .message = message},
              little(49, 2) + zeros(2) + little(64, 4) + little(offset, 8) + file_id + zeros(17));
}
std::string read_response(std::uint64_t message, const std::string& data) {
  return smb2({.command = 8, .response = true, .message = message},
              little(17, 2) + little(80, 2) + little(data.size(), 4) + zeros(8) + data);
}
std::string close_request() { return smb2({.command = 6, .message = 9}, little(24, 2) + zeros(6) + file_id); }

void open_file(ParserBench& bench, const std::string& share = "\\\\host\\data") {
  bench.client(connect_request(share));
  bench.server(connect_response(1));
  bench.client(create_request("dir\\a.txt"));
  bench.server(create_response());
}

TEST(Smb, AFileThatIsWrittenHasNameAndShare) {
  ParserBench bench(Protocol::smb);
  open_file(bench);
  bench.client(write_request(3, 0, "hello "));
  bench.client(write_request(4, 6, "world"));
  bench.client(close_request());
  ASSERT_EQ(bench.files.size(), 1U);
  EXPECT_EQ(bench.files[0].name, "dir\\a.txt");
  EXPECT_EQ(bench.files[0].content, "hello world");
  EXPECT_TRUE(bench.files[0].ended);
  EXPECT_FALSE(bench.files[0].truncated);
  EXPECT_EQ(bench.text("smb.share"), "\\\\host\\data");
  EXPECT_EQ(bench.text("file.data"), "hello world");
}

TEST(Smb, PartsOutOfOrderAreJoinedAndOverlapsSaid) {
  ParserBench bench(Protocol::smb);
  open_file(bench);
  bench.client(write_request(3, 6, "world"));
  bench.client(write_request(4, 0, "hello "));
  bench.client(write_request(5, 4, "XX!!!!!!!"));
  bench.client(close_request());
  EXPECT_EQ(bench.files.at(0).content, "hello world!!");
  EXPECT_TRUE(bench.raised(PacketEvent::smb_file_overlap));
}

TEST(Smb, LargeWritesFlowOnPieceByPiece) {
  for (const std::size_t step : {1U, 7U, 1'000U, 100'000U}) {
    ParserBench bench(Protocol::smb);
    open_file(bench);
    std::string data;
    for (int i = 0; i < 20'000; ++i) data += static_cast<char>('a' + i % 26);
    const auto bytes = write_request(3, 0, data) + close_request();
    for (std::size_t at = 0; at < bytes.size(); at += step) bench.client(bytes.substr(at, step));
    EXPECT_EQ(bench.files.at(0).content, data);
    EXPECT_TRUE(bench.files.at(0).ended);
  }
}

TEST(Smb, ALossInsideAPayloadIsAGapOfTheFile) {
  ParserBench bench(Protocol::smb);
  open_file(bench);
  const auto bytes = write_request(3, 0, std::string(10'000, 'x'));
  bench.client(bytes.substr(0, 2'000));
  bench.lose(Direction::to_server, 1'000);
  bench.client(bytes.substr(3'000));
  bench.client(close_request());
  EXPECT_EQ(bench.files.at(0).gaps, 1'000U);
  EXPECT_EQ(bench.files.at(0).content.size(), 9'000U);
}

TEST(Smb, AfterALossTheNextFrameIsFound) {
  ParserBench bench(Protocol::smb);
  bench.client(connect_request("\\\\h\\one"));
  bench.lose(Direction::to_server, 500);
  bench.client("rest of something" + connect_request("\\\\h\\two"));
  EXPECT_EQ(bench.text("smb.share"), "\\\\h\\two");
}

TEST(Smb, ReadsAreFilesToo) {
  ParserBench bench(Protocol::smb);
  open_file(bench);
  bench.client(read_request(3, 0));
  bench.server(read_response(3, "content"));
  bench.client(close_request());
  EXPECT_EQ(bench.files.at(0).content, "content");
  EXPECT_EQ(bench.files.at(0).name, "dir\\a.txt");
}

TEST(Smb, CallsThroughPipes) {
  ParserBench bench(Protocol::smb);
  open_file(bench, "\\\\host\\IPC$");
  const std::string bind("\x05\x00\x0b\x03\x10\0\0\0\x48\0\0\0\x01\0\0\0\xb8\x10\xb8\x10\0\0\0\0\x01\0\0\0\0\0\x01\0",
                         32);
  const std::string uuid("\x7b\xb3\x6a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\0\x10\x03", 16);
  const std::string unit = bind + uuid + little(2, 4) + zeros(20);
  bench.server(connect_response(2));
  ParserBench pipe(Protocol::smb);
  pipe.client(connect_request("\\\\host\\IPC$"));
  pipe.server(connect_response(2));
  pipe.client(write_request(3, 0, unit));
  pipe.client(read_request(4, 0));
  pipe.server(
      read_response(4, std::string("\x05\x00\x0c\x03\x10\0\0\0\x38\0\0\0\x01\0\0\0\xb8\x10\xb8\x10\0\0\0\0", 24) +
                           little(0, 4) + std::string("\x01\0\0\0", 4) + zeros(4) + zeros(20)));
  pipe.client(
      write_request(5, 0, std::string("\x05\x00\x00\x03\x10\0\0\0\x1c\0\0\0\x02\0\0\0\x04\0\0\0\0\0\x0f\0stub", 28)));
  EXPECT_EQ(pipe.text("dcerpc.stub_data"), "stub");
  EXPECT_EQ(pipe.number("dcerpc.opnum"), 15U);
  EXPECT_EQ(pipe.text("dcerpc.iface").substr(0, 4), std::string("\x36\x6a\xb3\x7b", 4));
  EXPECT_EQ(pipe.text("smb.named_pipe"), "\\\\host\\IPC$");
}

TEST(Smb, DetectionOffItsPortAndTurnedAround) {
  const auto request = connect_request("\\\\h\\s");
  const auto answer = connect_response(1);
  const auto probe = [](const std::string& bytes, Direction direction, bool unseen) {
    return probe_smb({direction, as_bytes(bytes), 40'000, 9'999, true, unseen});
  };
  EXPECT_EQ(probe(request, Direction::to_server, false), Probe::yes);
  EXPECT_EQ(probe(answer, Direction::to_server, true), Probe::reversed);
  EXPECT_EQ(probe(request.substr(0, 6), Direction::to_server, false), Probe::more);
  EXPECT_EQ(probe("GET / HTTP/1.1\r\n", Direction::to_server, false), Probe::no);
}

TEST(SmbAuthentication, EveryCutOfALogonIsSurvived) {
  const auto field = [](std::size_t size, std::size_t place) {
    return little(size, 2) + little(size, 2) + little(place, 4);
  };
  const std::string whole = std::string("NTLMSSP\0", 8) + little(3, 4) + field(0, 72) + field(0, 72) + field(6, 72) +
                            field(10, 78) + field(6, 88) + field(0, 94) + little(0x02000001, 4) +
                            std::string("\x0a\x00\x39\x38\0\0\0\x0f", 8) + wide("LAB") + wide("alice") + wide("WS1");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(find_ntlm(as_bytes(whole.substr(0, size))).logon.has_value());
  const auto found = find_ntlm(as_bytes(whole));
  ASSERT_TRUE(found.logon.has_value());
  EXPECT_EQ(found.logon->user, "alice");
  EXPECT_EQ(found.logon->domain, "LAB");
  EXPECT_EQ(found.logon->host, "WS1");
  EXPECT_EQ(found.logon->version, "10.0 build 14393 rev 15");
}

TEST(SmbNames, UnknownNumbersStayNumbers) {
  EXPECT_EQ(smb2_command_name(5), "SMB2_COMMAND_CREATE");
  EXPECT_EQ(smb2_command_name(77), "77");
  EXPECT_EQ(smb_status_name(0xc0000022), "STATUS_ACCESS_DENIED");
  EXPECT_EQ(smb_status_name(0xdeadbeef), "3735928559");
  EXPECT_EQ(smb_dos_error_name(2, 0x5b), "SRV_BADUID");
}

}  // namespace
}  // namespace tocsin::collectors::testing
