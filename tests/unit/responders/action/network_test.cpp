// Ports, rates, isolation and connections for real, in a network namespace of this process's own.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/base/descriptor.h"
#include "responders/action/firewall/firewall.h"
#include "responders/action/network_isolate_host/management_path.h"
#include "responders/action/network_isolate_host/network_isolate_host.h"
#include "responders/action/network_kill_flow/socket_diagnosis.h"
#include "responders/action/table.h"
#include "tests/unit/responders/own_network.h"

namespace tocsin::responders {
namespace {

class NetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = OwnNetwork::enter(); !why.empty()) GTEST_SKIP() << why;
    listener_ = OwnedDescriptor(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener_.get(), 8), 0);
    ASSERT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  Endpoint endpoint() const { return {*parse_address("127.0.0.1"), port_}; }
  std::unique_ptr<Action> make(const char* name, IsolationSettings isolation = {}) {
    ActionEnvironment environment{clock_, random_, {}, {}};
    environment.isolation = std::move(isolation);
    return find_action(name)->make(environment);
  }
  ManualClock clock_;
  SeededRandom random_{1};
  OwnedDescriptor listener_;
  std::uint16_t port_ = 0;
};

// Once as the machine is, once as where nobody installed /etc/protocols.
TEST_F(NetworkTest, each_element_is_put_in_read_back_and_taken_out) {
  const std::vector<std::pair<const char*, Parameters::Texts>> all{
      {"network.block_port", {{"port", "8080"}}},
      {"network.block_port", {{"port", "53"}, {"protocol", "udp"}}},
      {"network.limit_rate", {{"address", "203.0.113.7"}, {"rate", "10"}}},
      {"network.limit_rate", {{"address", "2001:db8::/64"}}},
      {"network.block_address", {{"address", "2001:db8::7"}}},
      {"network.block_address", {{"address", "203.0.113.0/24"}}},
  };
  for (std::size_t i = 0; i < 2 * all.size(); ++i) {
    if (i == all.size()) {
      ASSERT_TRUE(OwnNetwork::forget_names());
    }
    const auto& [name, texts] = all[i % all.size()];
    const auto action = make(name);
    const Parameters asked = parse_parameters(action->spec(), texts).value();
    EXPECT_EQ(action->verify(asked, "k")->presence, Presence::absent) << name;
    const auto applied = action->apply(asked, "k");
    ASSERT_TRUE(applied.has_value()) << name << applied.error().text();
    EXPECT_EQ(action->verify(asked, "k")->presence, Presence::in_effect) << name;
    Parameters::Texts shorter = texts;
    shorter.emplace_back("ttl", "10m");
    const Parameters again = parse_parameters(action->spec(), shorter).value();
    EXPECT_EQ(action->apply(again, "k2")->state, Outcome::State::already) << name;
    EXPECT_TRUE(action->rehearse(again)->already) << name;
    EXPECT_TRUE(action->undo(asked, "k", {}).has_value());
    EXPECT_EQ(action->verify(asked, "k")->presence, Presence::absent) << name;
    EXPECT_TRUE(action->undo(asked, "k", {}).has_value());
  }
}

TEST_F(NetworkTest, a_blocked_port_takes_no_connection) {
  const auto action = make("network.block_port");
  const Parameters asked = parse_parameters(action->spec(), {{"port", std::to_string(port_)}}).value();
  const std::array ends{endpoint()};
  EXPECT_TRUE(prove_management_path(ends).has_value());
  ASSERT_TRUE(action->apply(asked, "k").has_value());
  EXPECT_FALSE(prove_management_path(ends).has_value());
  ASSERT_TRUE(action->undo(asked, "k", {}).has_value());
  EXPECT_TRUE(prove_management_path(ends).has_value());
}

TEST_F(NetworkTest, isolation_is_not_begun_without_a_proven_path) {
  const Network management = *parse_network("127.0.0.1", HostBits::refuse);
  for (const IsolationSettings& settings :
       {IsolationSettings{},
        IsolationSettings{{management}, {{*parse_address("127.0.0.1"), 1}}, std::chrono::seconds(9)}}) {
    const auto action = make("network.isolate_host", settings);
    const Parameters asked = parse_parameters(action->spec(), {}).value();
    EXPECT_EQ(action->apply(asked, "k").error().code, Code::unreachable);
    EXPECT_FALSE(action->rehearse(asked)->obstacle.empty());
    EXPECT_EQ(action->verify(asked, "k")->presence, Presence::absent);
  }
}

TEST_F(NetworkTest, isolation_is_renewed_only_while_the_path_is_proven) {
  IsolationSettings settings{
      {*parse_network("127.0.0.1", HostBits::refuse), *parse_network("127.0.0.0/8", HostBits::refuse)},
      {endpoint()},
      std::chrono::seconds(30)};
  const auto action = make("network.isolate_host", settings);
  const Parameters asked = parse_parameters(action->spec(), {{"ttl", "1h"}}).value();
  EXPECT_EQ(action->renew(asked, "k", std::chrono::hours(1)).value(), Renewal::lapsed);
  const auto applied = action->apply(asked, "k");
  ASSERT_TRUE(applied.has_value()) << applied.error().text();
  EXPECT_EQ(applied->expires_in, Duration(std::chrono::hours(1)));
  EXPECT_EQ(action->verify(asked, "k")->presence, Presence::in_effect);
  EXPECT_EQ(action->renew(asked, "k", std::chrono::hours(1)).value(), Renewal::unneeded);
  Firewall firewall;
  const SetElement element{"isolated", "ipv4"};
  ASSERT_TRUE(firewall.put(std::array{element}, std::chrono::seconds(10), "k").has_value());
  EXPECT_EQ(action->renew(asked, "k", std::chrono::hours(1)).value(), Renewal::renewed);
  EXPECT_GT(firewall.find(element).value()->expires, std::chrono::seconds(25));
  ASSERT_TRUE(firewall.put(std::array{element}, std::chrono::seconds(10), "k").has_value());
  listener_.reset();
  EXPECT_FALSE(action->renew(asked, "k", std::chrono::hours(1)).has_value());
  EXPECT_LE(firewall.find(element).value()->expires, std::chrono::seconds(10));
  EXPECT_TRUE(action->undo(asked, "k", {}).has_value());
  EXPECT_EQ(action->verify(asked, "k")->presence, Presence::absent);
}

TEST_F(NetworkTest, a_connection_is_ended_and_others_are_not) {
  const OwnedDescriptor client(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const auto to_us = [&](const TcpConnection& connection) { return connection.remote_port == port_; };
  EXPECT_EQ(list_connections(to_us, 10)->size(), 1U);
  EXPECT_EQ(end_connections([](const TcpConnection& c) { return c.remote_port == 1; }, 10).value(), 0U);
  const auto ended = end_connections(to_us, 10);
  if (!ended && ended.error().code == Code::not_found) GTEST_SKIP() << ended.error().message;
  ASSERT_TRUE(ended.has_value()) << ended.error().text();
  EXPECT_EQ(*ended, 1U);
  char byte = 0;
  EXPECT_LT(::recv(client.get(), &byte, 1, 0), 0);
  EXPECT_TRUE(list_connections(to_us, 10)->empty());
}

}  // namespace
}  // namespace tocsin::responders
