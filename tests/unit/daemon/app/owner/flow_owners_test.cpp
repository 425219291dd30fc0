#include "daemon/app/owner/flow_owners.h"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

using collectors::SocketOwner;
using collectors::SocketQuestion;

TEST(UnitOf, is_the_innermost_service_or_else_scope) {
  EXPECT_EQ(unit_of("/system.slice/nginx.service"), "nginx.service");
  EXPECT_EQ(unit_of("/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.service"), "app-x.service");
  EXPECT_EQ(unit_of("/user.slice/user-0.slice/session-3.scope"), "session-3.scope");
  EXPECT_EQ(unit_of("/system.slice/docker-12ab.scope/nested"), "docker-12ab.scope");
  EXPECT_EQ(unit_of("/"), "");
  EXPECT_EQ(unit_of(""), "");
}

SocketOwner nginx() {
  SocketOwner out;
  out.user = 33;
  out.process = 812;
  out.process_name = "nginx";
  out.executable = "/usr/sbin/nginx";
  out.cgroup = "/system.slice/nginx.service";
  return out;
}

TEST(FlowOwners, answers_are_kept_for_the_flow_and_the_share_is_counted) {
  Metrics metrics;
  FlowOwners owners(
      [](const SocketQuestion& question) -> Result<SocketOwner> {
        if (question.local_port == 80) return nginx();
        return fail(Code::not_found, "no such socket here");
      },
      [](std::uint32_t user) { return user == 33 ? std::string("www-data") : std::string(); }, metrics);
  owners.ask({{1, {.local_port = 80}}, {2, {.local_port = 81}}, {3, {.local_port = 80}}});
  owners.start();
  const auto found = owners.owner_soon(3, std::chrono::seconds(30));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->user_name, "www-data");
  EXPECT_EQ(found->unit, "nginx.service");
  EXPECT_EQ(owners.owner(1)->process, 812U);
  EXPECT_EQ(owners.owner_soon(2, std::chrono::seconds(30)), nullptr);
  EXPECT_EQ(owners.owner_soon(99, std::chrono::seconds(30)), nullptr);  // never asked: no wait
  const auto share = owners.share();
  EXPECT_EQ(share.flows, 3U);
  EXPECT_EQ(share.users, 2U);
  EXPECT_EQ(share.units, 2U);
  EXPECT_EQ(share.processes, 2U);
  owners.stop();
}

TEST(FlowOwners, what_there_is_no_room_for_is_unknown_at_once) {
  Metrics metrics;
  FlowOwners owners([](const SocketQuestion&) -> Result<SocketOwner> { return nginx(); },
                    [](std::uint32_t) { return std::string(); }, metrics);
  for (std::uint64_t i = 0; i < FlowOwners::batches_most + 1; ++i) owners.ask({{i, {}}});
  EXPECT_EQ(owners.owner_soon(FlowOwners::batches_most, std::chrono::seconds(30)), nullptr);
  EXPECT_NE(metrics.render_openmetrics().find("tocsin_flows_not_asked_total 1"), std::string::npos);
  owners.start();
  owners.stop();
  EXPECT_EQ(owners.share().processes, FlowOwners::batches_most);
}

TEST(AddOwner, fills_what_the_alert_does_not_say_itself) {
  collectors::FlowOwner owner;
  owner.user = 33;
  owner.user_name = "www-data";
  owner.process = 812;
  owner.unit = "nginx.service";
  auto alert = samples::make_alert({});
  alert.fields = {{"url.path", "/"}, {"user.name", "as logged in"}};
  add_owner(alert, owner);
  const std::vector<std::pair<std::string, std::string>> expected{{"process.pid", "812"},
                                                                  {"service.name", "nginx.service"},
                                                                  {"url.path", "/"},
                                                                  {"user.id", "33"},
                                                                  {"user.name", "as logged in"}};
  EXPECT_EQ(alert.fields, expected);
}

TEST(OwnerAsker, asks_for_flows_of_this_host_only) {
  Metrics metrics;
  std::atomic<int> asked{0};
  FlowOwners owners(
      [&](const SocketQuestion& question) -> Result<SocketOwner> {
        EXPECT_EQ(render_address(question.local), "10.0.0.1");
        ++asked;
        return nginx();
      },
      [](std::uint32_t) { return std::string(); }, metrics);
  OwnerAsker asker(owners, {*parse_address("10.0.0.1")});
  const auto begin = [&](std::uint64_t id, const char* client, const char* server, std::uint8_t transport) {
    collectors::Flow flow;
    flow.id = id;
    flow.transport = transport;
    flow.client.address = *parse_address(client);
    flow.server.address = *parse_address(server);
    asker.on_flow_start(flow, collectors::Packet{});
  };
  begin(1, "10.0.0.1", "10.0.0.2", 6);
  begin(2, "10.0.0.2", "10.0.0.1", 17);
  begin(3, "10.0.0.2", "10.0.0.3", 6);
  begin(4, "10.0.0.1", "10.0.0.3", 1);
  asker.hand_over();
  owners.start();
  EXPECT_NE(owners.owner_soon(2, std::chrono::seconds(30)), nullptr);
  owners.stop();
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace tocsin::daemon
