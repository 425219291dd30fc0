#include "daemon/notify/sinks.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <thread>

namespace tocsin::daemon {
namespace {

using responders::Notice;

// Serves one connection on loopback and keeps what it was told.
class Server {
 public:
  explicit Server(std::function<void(int socket, std::string& heard)> talk) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 4), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, talk = std::move(talk)] {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      talk(socket, heard_);
      ::close(socket);
    });
  }
  ~Server() { finish(); }
  const std::string& finish() {
    if (thread_.joinable()) thread_.join();
    if (listener_ >= 0) ::close(listener_);
    listener_ = -1;
    return heard_;
  }
  std::string place() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::string heard_;
  std::thread thread_;
};

void say(int socket, std::string_view text) {
  EXPECT_EQ(::send(socket, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

bool hear(int socket, std::string& heard) {
  std::array<char, 4096> buffer{};
  const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  heard.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

Notice notice() {
  Notice out;
  out.id = "n1";
  out.severity = "warning";
  out.subject = "hello";
  out.body = "body";
  return out;
}

TEST(Sinks, mail_goes_through_a_whole_smtp_session) {
  Server server([](int socket, std::string& heard) {
    say(socket, "220 test\r\n");
    bool data = false;
    for (std::size_t answered = 0; hear(socket, heard);) {
      for (std::size_t end = heard.find("\r\n", answered); end != std::string::npos;
           end = heard.find("\r\n", answered)) {
        const std::string line = heard.substr(answered, end - answered);
        answered = end + 2;
        if (data) {
          if (line == ".") data = false, say(socket, "250 kept\r\n");
        } else if (line == "DATA") {
          data = true, say(socket, "354 go\r\n");
        } else if (line.starts_with("QUIT")) {
          say(socket, "221 bye\r\n");
          return;
        } else {
          say(socket, "250 ok\r\n");
        }
      }
    }
  });
  SinkConfig config;
  config.name = "ops";
  config.kind = SinkKind::mail;
  config.server = "smtp://" + server.place();
  config.from = "tocsin@example.org";
  config.address = "a@example.org, b@example.org";
  ManualClock clock;
  std::vector<Error> problems;
  Sinks sinks({config}, clock, problems);
  ASSERT_TRUE(problems.empty());
  const auto sent = sinks.send_to("ops", notice());
  EXPECT_TRUE(sent.has_value()) << (sent ? "" : sent.error().text());
  const std::string& heard = server.finish();
  EXPECT_NE(heard.find("MAIL FROM:<tocsin@example.org>"), std::string::npos);
  EXPECT_NE(heard.find("RCPT TO:<b@example.org>"), std::string::npos);
  EXPECT_NE(heard.find("Subject: hello\r\n"), std::string::npos);
}

TEST(Sinks, a_webhook_posts_json_and_reports_refusal) {
  for (const char* status : {"200 OK", "500 Oops"}) {
    Server server([&](int socket, std::string& heard) {
      while (heard.find("\"subject\":\"hello\"") == std::string::npos && hear(socket, heard)) {
      }
      say(socket, std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    SinkConfig config;
    config.name = "hook";
    config.kind = SinkKind::webhook;
    config.address = "http://" + server.place() + "/x";
    ManualClock clock;
    std::vector<Error> problems;
    Sinks sinks({config}, clock, problems);
    EXPECT_EQ(sinks.send_to("hook", notice()).has_value(), status[0] == '2');
    EXPECT_TRUE(server.finish().starts_with("POST /x HTTP/1.1\r\n"));
  }
}

TEST(Sinks, thresholds_and_caps_hold) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  socklen_t size = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  SinkConfig config;
  config.name = "log";
  config.kind = SinkKind::syslog;
  config.address = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  config.least_severity = 70;
  config.most_per_hour = 1;
  ManualClock clock(Time{std::chrono::hours(500'000)});
  std::vector<Error> problems;
  Sinks sinks({config}, clock, problems);
  EXPECT_TRUE(sinks.send(69, notice()).empty());
  EXPECT_TRUE(sinks.send(70, notice()).at(0).result.has_value());
  EXPECT_EQ(sinks.send(100, notice()).at(0).result.error().code, Code::exhausted);
  EXPECT_EQ(sinks.dropped(), 1U);
  clock.advance_to(clock.now() + std::chrono::hours(2));
  EXPECT_TRUE(sinks.send(100, notice()).at(0).result.has_value());
  std::string heard;
  ASSERT_TRUE(hear(socket, heard) && hear(socket, heard));
  EXPECT_NE(heard.find("1 earlier messages were held back"), std::string::npos);
  ::close(socket);
}

TEST(Sinks, what_cannot_be_a_sink_is_named) {
  SinkConfig mail;
  mail.name = "m";
  mail.kind = SinkKind::mail;
  SinkConfig hook;
  hook.name = "h";
  hook.kind = SinkKind::webhook;
  hook.address = "file:///etc/passwd";
  SinkConfig secret;
  secret.name = "s";
  secret.kind = SinkKind::syslog;
  secret.credentials_file = "/nonexistent/file";
  ManualClock clock;
  std::vector<Error> problems;
  Sinks sinks({mail, hook, secret}, clock, problems);
  EXPECT_EQ(problems.size(), 3U);
  EXPECT_EQ(sinks.send_to("m", notice()).error().code, Code::not_found);
}

}  // namespace
}  // namespace tocsin::daemon
