#include <gtest/gtest.h>

#include "collectors/base/base64.h"
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

}  // namespace
}  // namespace tocsin::collectors::testing
