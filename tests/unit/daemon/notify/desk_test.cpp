#include "daemon/notify/desk.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace tocsin::daemon {
namespace {

// A syslog socket of its own, as the sink's other side.
class Syslog {
 public:
  Syslog() : path_(testing::TempDir() + "/notify-desk-" + std::to_string(::getpid())) {
    std::filesystem::remove(path_);
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    timeval patience{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Syslog() {
    ::close(socket_);
    std::filesystem::remove(path_);
  }
  std::string heard() {
    char buffer[4096];
    const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
    return got <= 0 ? std::string{} : std::string(buffer, static_cast<std::size_t>(got));
  }
  bool silent() {
    char byte = 0;
    return ::recv(socket_, &byte, 1, MSG_DONTWAIT) < 0;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int socket_ = -1;
};

SinkConfig sink(const std::string& path, std::uint32_t least) {
  SinkConfig out;
  out.name = "soc";
  out.kind = SinkKind::syslog;
  out.address = path;
  out.least_severity = least;
  return out;
}

Message message(std::uint32_t severity, std::optional<std::uint32_t> told, std::string subject) {
  Message out;
  out.severity = severity;
  out.told = told;
  out.notice.id = subject;
  out.notice.severity = "critical";
  out.notice.subject = std::move(subject);
  return out;
}

TEST(NotifyDesk, a_sink_hears_once_that_its_threshold_was_reached) {
  Syslog syslog;
  ManualClock clock(Time{std::chrono::hours{24}});
  Log log(clock, LogLevel::error, LogPrefix::plain);
  Metrics metrics;
  NotifyDesk desk({sink(syslog.path(), 70)}, clock, log, metrics);
  desk.start();
  desk.tell(message(60, {}, "below"));
  desk.tell(message(75, 60, "reached"));
  desk.tell(message(90, 75, "told before"));
  desk.tell(message(80, {}, "another"));
  EXPECT_NE(syslog.heard().find("reached"), std::string::npos);
  EXPECT_NE(syslog.heard().find("another"), std::string::npos);
  desk.stop();
  EXPECT_TRUE(syslog.silent());
  EXPECT_EQ(metrics.counter("tocsin_notices_sent", "").value(), 2U);
}

TEST(NotifyDesk, what_a_sink_may_not_know_is_withheld_and_counted) {
  Syslog syslog;
  ManualClock clock(Time{std::chrono::hours{24}});
  Log log(clock, LogLevel::error, LogPrefix::plain);
  Metrics metrics;
  auto strict = sink(syslog.path(), 0);
  strict.max_tlp = rules::Tlp::green;
  NotifyDesk desk({strict}, clock, log, metrics);
  desk.start();
  auto secret = message(50, {}, "evil.example was met");
  secret.notice.id = "n1";
  secret.notice.tlp = rules::Tlp::amber;
  desk.tell(std::move(secret));
  const auto heard = syslog.heard();
  EXPECT_NE(heard.find("withheld, TLP:AMBER"), std::string::npos) << heard;
  EXPECT_EQ(heard.find("was met"), std::string::npos) << heard;
  desk.stop();
  EXPECT_EQ(metrics.counter("tocsin_notices_withheld", "").value(), 1U);
  EXPECT_EQ(metrics.counter("tocsin_notices_sent", "").value(), 1U);
}

TEST(NotifyDesk, a_new_configuration_counts_from_the_next_message_on) {
  Syslog before;
  ManualClock clock(Time{std::chrono::hours{24}});
  Log log(clock, LogLevel::error, LogPrefix::plain);
  Metrics metrics;
  NotifyDesk desk({}, clock, log, metrics);
  desk.use({sink(before.path(), 0)});
  desk.start();
  desk.tell(message(10, {}, "hello"));
  EXPECT_NE(before.heard().find("hello"), std::string::npos);
  desk.stop();
}

TEST(NotifyDesk, what_cannot_be_delivered_is_counted) {
  ManualClock clock(Time{std::chrono::hours{24}});
  Log log(clock, LogLevel::error, LogPrefix::plain);
  Metrics metrics;
  {
    NotifyDesk desk({sink("/nowhere/at/all", 0)}, clock, log, metrics);
    desk.start();
    desk.tell(message(10, {}, "lost"));
    desk.stop();
  }
  EXPECT_EQ(metrics.counter("tocsin_notices_given_up", "").value(), 1U);
  EXPECT_EQ(metrics.counter("tocsin_notices_sent", "").value(), 0U);
}

}  // namespace
}  // namespace tocsin::daemon
