#include "collectors/opener/socket_owner.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tocsin::collectors {
namespace {

TEST(SocketQuestion, comes_back_whole_and_nothing_else_is_taken) {
  SocketQuestion question;
  question.transport = 17;
  question.local = *parse_address("2001:db8::1");
  question.remote = *parse_address("2001:db8::2");
  question.local_port = 53;
  question.remote_port = 65535;
  const auto fields = question.encode();
  const auto again = SocketQuestion::decode(fields);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->encode(), fields);
  for (std::size_t i = 0; i < fields.size(); ++i)
    for (const std::string bad : {"", "-1", "65536", "4294967296", "x", "192.0.2.1", "../../etc"}) {
      auto damaged = fields;
      damaged[i] = bad;
      EXPECT_FALSE(SocketQuestion::decode(damaged)) << i << " " << bad;
    }
  EXPECT_FALSE(SocketQuestion::decode({}));
  EXPECT_FALSE(SocketQuestion::decode(std::vector<std::string>(6, "1")));
}

TEST(SocketOwner, what_is_unknown_stays_so) {
  const SocketOwner nobody;
  const auto again = SocketOwner::decode(nobody.encode());
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->user);
  EXPECT_FALSE(again->process);
  EXPECT_FALSE(SocketOwner::decode({"1"}));
}

// Two sockets of this process, connected over loopback.
class Connected : public testing::Test {
 protected:
  void SetUp() override {
    listener_ = OwnedDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(listener_.get(), generic, size), 0);
    ASSERT_EQ(::listen(listener_.get(), 1), 0);
    ASSERT_EQ(::getsockname(listener_.get(), generic, &size), 0);
    question_.remote_port = ntohs(address.sin_port);
    client_ = OwnedDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(client_.get(), generic, size), 0);
    ASSERT_EQ(::getsockname(client_.get(), generic, &size), 0);
    question_.local_port = ntohs(address.sin_port);
    question_.local = question_.remote = *parse_address("127.0.0.1");
  }
  OwnedDescriptor listener_;
  OwnedDescriptor client_;
  SocketQuestion question_;
  ManualClock clock_{Time{std::chrono::seconds(1'000)}};
};

TEST_F(Connected, its_user_and_process_are_found) {
  SocketOwners owners(clock_);
  const auto owner = owners.find(question_);
  if (!owner && owner.error().code != Code::not_found) GTEST_SKIP() << owner.error().text();
  ASSERT_TRUE(owner) << owner.error().text();
  EXPECT_EQ(owner->user, ::geteuid());
  ASSERT_TRUE(owner->process);
  EXPECT_EQ(*owner->process, static_cast<std::uint32_t>(::getpid()));
  EXPECT_FALSE(owner->process_name.empty());
  EXPECT_TRUE(owner->executable.starts_with('/'));
}

TEST_F(Connected, a_socket_that_is_not_there_has_no_owner) {
  SocketOwners owners(clock_);
  question_.remote = *parse_address("127.0.0.2");
  std::swap(question_.local_port, question_.remote_port);
  question_.local_port = 1;
  const auto owner = owners.find(question_);
  ASSERT_FALSE(owner);
  question_.transport = 17;
  EXPECT_FALSE(owners.find(question_));
}

}  // namespace
}  // namespace tocsin::collectors
