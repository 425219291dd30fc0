#include "collectors/base/release.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::testing {
namespace {

TEST(Release, WhatIsLetGoTakesNoMemory) {
  std::vector<std::uint8_t> bytes(4'096, 7);
  release_memory(bytes);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.capacity(), 0U);
  std::string text(4'096, 'x');
  release_memory(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.capacity(), std::string().capacity());
}

}  // namespace
}  // namespace tocsin::testing
