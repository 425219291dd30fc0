#include "collectors/base/json.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Json, writes_nested_structures_with_commas) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .member("a", 1)
      .key("b")
      .begin_array()
      .value("x")
      .value(true)
      .null()
      .end_array()
      .key("c")
      .begin_object()
      .end_object()
      .end_object();
  EXPECT_EQ(out, R"({"a":1,"b":["x",true,null],"c":{}})");
}

TEST(Json, strings_are_always_valid) {
  std::string out;
  append_json_string(out, std::string_view("q\"\\\n\x01\xff\xe2\x80\xa8 Đ\0", 13));
  EXPECT_EQ(out, "\"q\\\"\\\\\\n\\u0001\xEF\xBF\xBD\\u2028 Đ\\u0000\"");
}

// Found by tests/fuzz/text: JSON is shown on terminals too.
TEST(Json, what_acts_on_a_terminal_is_escaped) {
  std::string out;
  append_json_string(out, "a\u202Eb\u2066\u009B31m\u0085\u200F");
  EXPECT_EQ(out, R"("a\u202eb\u2066\u009b31m\u0085\u200f")");
}

}  // namespace
}  // namespace tocsin
