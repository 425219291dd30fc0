#include "collectors/base/frame.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Frame, header_is_big_endian_and_capped) {
  EXPECT_EQ(encode_frame("abc"), std::string("\0\0\0\3abc", 7));
  EXPECT_EQ(frame_length(encode_frame("abc"), 3), 3U);
  EXPECT_EQ(frame_length(encode_frame("abc"), 2), std::nullopt);
  EXPECT_EQ(frame_length(encode_frame(""), 0), 0U);
  EXPECT_EQ(frame_length(std::string_view("\x01\x02\x03\x04", 4), SIZE_MAX), 0x01020304U);
  EXPECT_EQ(frame_length("\xff\xff\xff\xff", 1U << 20), std::nullopt);
  EXPECT_EQ(frame_length(std::string_view("\0\0\0", 3), 10), std::nullopt);
  EXPECT_EQ(frame_length("", 10), std::nullopt);
}

}  // namespace
}  // namespace tocsin
