#include "collectors/base/base64.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Base64, test_vectors_of_the_rfc) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(plain), encoded);
    EXPECT_EQ(parse_base64(encoded), plain);
  }
}

TEST(Base64, every_byte_survives) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(parse_base64(to_base64(bytes)), bytes);
}

TEST(Base64, reading_is_strict) {
  for (const char* text : {"Zg=", "Zg", "Z===", "Zg==\n", "Zh==", "Zm9=", "Zm-_", "=Zm9", "Zg==Zg=="})
    EXPECT_EQ(parse_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace tocsin
