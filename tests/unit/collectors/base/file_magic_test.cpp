#include "collectors/base/file_magic.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(FileMagic, SaysWhatAFileIs) {
  FileMagic magic;
  EXPECT_TRUE(magic.describe(as_bytes("%PDF-1.6\n")).starts_with("PDF document"))
      << magic.describe(as_bytes("%PDF-1.6\n"));
  EXPECT_EQ(magic.describe(as_bytes("just words\n")), "ASCII text");
  EXPECT_FALSE(magic.describe(as_bytes("")).empty());
  FileMagic moved = std::move(magic);
  EXPECT_EQ(moved.describe(as_bytes("words\n")), "ASCII text");
}

}  // namespace
}  // namespace tocsin
