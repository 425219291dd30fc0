#include "daemon/control/server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "daemon/control/client.h"

namespace tocsin::daemon {
namespace {

class ControlServerTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/tocsin-control-XXXXXX";
    directory_ = ::mkdtemp(pattern);
    path_ = directory_ + "/c.sock";
    options_.path = path_;
    options_.policy.own_user = ::geteuid();
    table_.add({"echo.row", Role::viewer, "", [](const Call& call, Reply& reply) -> Result<void> {
                  reply.progress("half", 1, 2);
                  for (const auto& text : call.list("texts"))
                    reply.row(boost::json::serialize(boost::json::object{{"t", text}}));
                  reply.summary("user", call.peer().name);
                  reply.summary("count", static_cast<std::int64_t>(call.list("texts").size()));
                  return {};
                }});
    table_.add({"echo.approve", Role::approver, "", [](const Call&, Reply&) -> Result<void> { return {}; }});
    table_.add({"echo.fail", Role::viewer, "", [](const Call& call, Reply&) -> Result<void> {
                  TOCSIN_TRY(const auto id, call.require("id"));
                  return fail(Code::conflict, "no " + id);
                }});
    table_.add({"echo.read", Role::viewer, "", [](const Call& call, Reply& reply) -> Result<void> {
                  char text[16] = {};
                  if (call.descriptors().size() != 1) return fail(Code::usage, "one file");
                  const auto size = ::read(call.descriptors().at(0).get(), text, sizeof text);
                  reply.summary("text", std::string_view(text, static_cast<std::size_t>(size)));
                  return {};
                }});
    table_.add({"echo.follow", Role::viewer, "", [this](const Call&, Reply& reply) -> Result<void> {
                  ++followers_started_;
                  while (reply.row("{\"tick\":1}") && reply.wait(std::chrono::milliseconds{1})) {
                  }
                  ++followers_ended_;
                  return {};
                }});
    table_.add({"echo.flood", Role::viewer, "", [this](const Call&, Reply& reply) -> Result<void> {
                  const std::string row = "{\"x\":\"" + std::string(1U << 20U, 'x') + "\"}";
                  while (reply.row(row)) ++flooded_;
                  ++followers_ended_;
                  return {};
                }});
  }
  void TearDown() override { ::rmdir(directory_.c_str()); }

  ControlServer started() {
    auto server = ControlServer::start(options_, table_);
    EXPECT_TRUE(server) << (server ? "" : server.error().text());
    return *std::move(server);
  }
  ControlClient connected() {
    auto client = ControlClient::connect(path_);
    EXPECT_TRUE(client) << (client ? "" : client.error().text());
    return *std::move(client);
  }
  int raw_socket() {
    const int s = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    EXPECT_EQ(::connect(s, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return s;
  }

  std::string directory_;
  std::string path_;
  ControlOptions options_;
  MethodTable table_;
  std::atomic<int> followers_started_{0};
  std::atomic<int> followers_ended_{0};
  std::atomic<int> flooded_{0};
};

TEST_F(ControlServerTest, answers_rows_progress_and_a_summary_in_order) {
  const auto server = started();
  auto client = connected();
  std::string seen;
  CallHandlers handlers;
  handlers.row = [&](const boost::json::object& row) {
    seen += row.at("t").as_string();
    return true;
  };
  handlers.progress = [&](std::string_view what, std::uint64_t done, std::uint64_t of) {
    seen += std::string(what) + std::to_string(done) + "/" + std::to_string(of) + ";";
  };
  const auto summary = client.call({"echo.row", R"({"texts":["a","b","ü"]})", {}, std::chrono::seconds{10}}, handlers);
  ASSERT_TRUE(summary) << summary.error().text();
  EXPECT_EQ(seen, "half1/2;abü");
  EXPECT_NE(summary->find("\"count\":3"), std::string::npos);
}

TEST_F(ControlServerTest, errors_keep_their_code) {
  const auto server = started();
  auto client = connected();
  EXPECT_EQ(client.call({"echo.fail", R"({"id":"X"})", {}, std::chrono::seconds{10}}, {}).error().code, Code::conflict);
  EXPECT_EQ(client.call({"echo.fail", "{}", {}, std::chrono::seconds{10}}, {}).error().code, Code::usage);
  EXPECT_EQ(client.call({"echo.none", "{}", {}, std::chrono::seconds{10}}, {}).error().code, Code::usage);
  const auto denied = client.call({"echo.approve", "{}", {}, std::chrono::seconds{10}}, {});
  EXPECT_EQ(denied.error().code, Code::denied);
  EXPECT_NE(denied.error().message.find("approver"), std::string::npos);
}

TEST_F(ControlServerTest, carries_file_descriptors) {
  const auto server = started();
  auto client = connected();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "hello", 5), 5);
  const auto summary = client.call({"echo.read", "{}", std::span<const int>(ends, 1), std::chrono::seconds{10}}, {});
  ASSERT_TRUE(summary) << summary.error().text();
  EXPECT_EQ(*summary, "{\"text\":\"hello\"}");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(ControlServerTest, a_follower_ends_when_its_client_goes_or_the_server_stops) {
  auto server = started();
  {
    auto client = connected();
    int rows = 0;
    CallHandlers handlers;
    handlers.row = [&](const boost::json::object&) { return ++rows < 3; };
    ASSERT_TRUE(client.call({"echo.follow", "{}", {}, std::chrono::seconds{10}}, handlers));
  }
  std::thread other([&] {
    auto client = connected();
    (void)client.call({"echo.follow", "{}", {}, std::chrono::seconds{10}}, {});
  });
  while (followers_started_ < 2) std::this_thread::yield();
  server.stop();
  other.join();
  EXPECT_EQ(followers_ended_, 2);
}

TEST_F(ControlServerTest, a_client_that_does_not_read_is_dropped_and_holds_little) {
  options_.slow_reader = std::chrono::milliseconds{50};
  options_.unread_most = 4U << 20U;
  auto server = started();
  const int s = raw_socket();
  const auto frame = encode_frame(R"({"id":"1","method":"echo.flood","params":{}})");
  ASSERT_EQ(::write(s, frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
  while (followers_ended_ == 0) std::this_thread::yield();
  EXPECT_LE(flooded_, 8);
  ::close(s);
}

TEST_F(ControlServerTest, too_long_and_broken_frames_close_the_connection) {
  const auto server = started();
  for (const std::string& bad : {std::string("\xff\xff\xff\xff"), std::string(4, '\0')}) {
    const int s = raw_socket();
    ASSERT_EQ(::write(s, bad.data(), bad.size()), static_cast<ssize_t>(bad.size()));
    char c = 0;
    EXPECT_EQ(::read(s, &c, 1), 0);
    ::close(s);
  }
  const int s = raw_socket();
  const auto frame = encode_frame("[[[");
  ASSERT_EQ(::write(s, frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
  char text[256] = {};
  EXPECT_GT(::read(s, text, sizeof text), 4);
  EXPECT_NE(std::string_view(text + 4).find("invalid"), std::string_view::npos);
  ::close(s);
}

TEST_F(ControlServerTest, a_second_daemon_is_refused_and_a_stale_socket_replaced) {
  {
    const auto server = started();
    const auto second = ControlServer::start(options_, table_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::conflict);
  }
  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  ASSERT_EQ(::bind(stale, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(stale);
  const auto server = started();
  EXPECT_TRUE(ControlClient::connect(path_));
}

TEST_F(ControlServerTest, a_missing_daemon_is_unreachable_with_the_next_step) {
  const auto client = ControlClient::connect(path_);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Code::unreachable);
  EXPECT_NE(client.error().message.find("systemctl start"), std::string::npos);
}

TEST_F(ControlServerTest, connections_of_one_user_are_capped) {
  options_.connections_of_one_user_most = 2;
  const auto server = started();
  auto a = connected();
  auto b = connected();
  ASSERT_TRUE(a.call({"echo.row", "{}", {}, std::chrono::seconds{10}}, {}));
  ASSERT_TRUE(b.call({"echo.row", "{}", {}, std::chrono::seconds{10}}, {}));
  auto c = connected();
  EXPECT_EQ(c.call({"echo.row", "{}", {}, std::chrono::seconds{10}}, {}).error().code, Code::unreachable);
}

}  // namespace
}  // namespace tocsin::daemon
