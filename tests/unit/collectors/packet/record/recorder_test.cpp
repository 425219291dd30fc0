#include <gtest/gtest.h>

#include "collectors/base/base64.h"
#include "collectors/packet/record/owner.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

// Answers from the second question of a flow on, as it does where the answer is on its way.
class LateOwners final : public FlowOwnerSource {
 public:
  FlowOwnerRef owner(std::uint64_t flow) override {
    if (flow != asked_) {
      asked_ = flow;
      return nullptr;
    }
    auto made = std::make_shared<FlowOwner>();
    made->user = 33;
    made->user_name = "www-data";
    made->process = 4711;
    made->process_name = "nginx";
    made->cgroup = "/system.slice/nginx.service";
    made->unit = "nginx.service";
    return made;
  }

 private:
  std::uint64_t asked_ = 0;
};

// The third message of MS-NLMP: a domain, a user and a host of one letter each.
std::string ntlm_logon() {
  const auto little = [](std::uint32_t value, std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i));
    return out;
  };
  const auto field = [&](std::uint32_t length, std::uint32_t at) {
    return little(length, 2) + little(length, 2) + little(at, 4);
  };
  return to_base64(std::string("NTLMSSP\0", 8) + little(3, 4) + field(0, 72) + field(0, 72) + field(2, 72) +
                   field(2, 74) + field(2, 76) + field(0, 78) + little(1, 4) + std::string(8, '\0') +
                   std::string("D\0U\0H\0", 6));
}

bool has(const std::string& record, std::string_view text) { return record.find(text) != std::string::npos; }

TEST(Recorder, WhatALocalFlowCarriesNamesItsOwnerOnceThatIsKnown) {
  LateOwners owners;
  PacketOptions options;
  options.owners = &owners;
  Bench bench(options);
  bench.handshake();
  for (const std::string path : {"/early", "/late"}) {
    bench.say(Direction::to_server, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    bench.say(Direction::to_client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }
  bench.worker.finish();
  int early = 0, late = 0, flows = 0;
  for (const auto& record : bench.records.json) {
    const bool owned = has(record, R"("process.name":"nginx")") && has(record, R"("user.name":"www-data")") &&
                       has(record, R"("process.cgroup":"/system.slice/nginx.service")");
    if (has(record, "/early")) early += owned ? 10 : 1;
    if (has(record, "/late")) late += owned ? 10 : 1;
    if (has(record, "event.duration")) flows += owned ? 10 : 1;
  }
  EXPECT_EQ(early, 1);
  EXPECT_EQ(late, 10);
  EXPECT_EQ(flows, 10);
}

TEST(Recorder, AUserWhomTheProtocolNamesIsNotTheSocketsOwner) {
  LateOwners owners;
  PacketOptions options;
  options.owners = &owners;
  Bench bench(options);
  bench.handshake();
  bench.say(Direction::to_server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  bench.say(Direction::to_client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  bench.say(Direction::to_server, "GET /named HTTP/1.1\r\nHost: x\r\nAuthorization: NTLM " + ntlm_logon() + "\r\n\r\n");
  bench.say(Direction::to_client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  bench.worker.finish();
  int named = 0;
  for (const auto& record : bench.records.json) {
    if (!has(record, "/named")) continue;
    ++named;
    EXPECT_TRUE(has(record, R"("user.name":"U")")) << record;
    EXPECT_FALSE(has(record, "user.id")) << record;
    EXPECT_TRUE(has(record, R"("process.name":"nginx")")) << record;
  }
  EXPECT_EQ(named, 1);
}

}  // namespace
}  // namespace tocsin::collectors::testing
