#include "collectors/base/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace tocsin {
namespace {

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

TEST(OwnedDescriptor, closes_once_and_moves) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  OwnedDescriptor a(ends[0]);
  {
    const OwnedDescriptor b(ends[1]);
    EXPECT_TRUE(is_open(ends[1]));
  }
  EXPECT_FALSE(is_open(ends[1]));
  OwnedDescriptor c(std::move(a));
  a.reset();  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(is_open(c.get()));
  a = std::move(c);
  EXPECT_TRUE(is_open(ends[0]));
  EXPECT_EQ(a.release(), ends[0]);
  EXPECT_FALSE(a);
  ::close(ends[0]);
}

class Passing : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    here_ = OwnedDescriptor(ends[0]);
    there_ = OwnedDescriptor(ends[1]);
  }
  OwnedDescriptor here_;
  OwnedDescriptor there_;
  std::array<char, 16> buffer_{};
  std::vector<OwnedDescriptor> got_;
};

TEST_F(Passing, descriptors_travel_beside_the_bytes) {
  const std::vector<int> files(descriptors_most, here_.get());
  ASSERT_EQ(send_with_descriptors(here_.get(), "hello", files, 0), 5);
  const auto message = receive_with_descriptors(there_.get(), buffer_, got_, 0);
  EXPECT_EQ(message.size, 5);
  EXPECT_FALSE(message.cut);
  ASSERT_EQ(got_.size(), descriptors_most);
  for (const auto& file : got_) EXPECT_EQ(::fcntl(file.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(Passing, too_many_and_too_long_are_told) {
  const std::vector<int> files(descriptors_most + 1, here_.get());
  EXPECT_EQ(send_with_descriptors(here_.get(), "hello", files, 0), -1);
  EXPECT_EQ(errno, EINVAL);
  ASSERT_EQ(send_with_descriptors(here_.get(), std::string(100, 'x'), {}, 0), 100);
  EXPECT_TRUE(receive_with_descriptors(there_.get(), buffer_, got_, 0).cut);
  here_.reset();
  EXPECT_EQ(receive_with_descriptors(there_.get(), buffer_, got_, 0).size, 0);
  EXPECT_EQ(send_with_descriptors(there_.get(), "x", {}, 0), -1);  // and no signal
  EXPECT_TRUE(got_.empty());
}

}  // namespace
}  // namespace tocsin
