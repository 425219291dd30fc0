#include "collectors/log/json/flatten.h"

#include <gtest/gtest.h>

#include <string>

#include "collectors/event/field_table.h"

namespace tocsin::collectors {
namespace {

class JsonFlatten : public ::testing::Test {
 protected:
  // name=value of every field of the object, as a line that is there.
  std::string flat(std::string_view json) {
    EventBatch batch;
    EventBuilder builder(batch);
    const auto kept = builder.keep_line(json);
    LineContext line{builder, fields_, clock_, {}, std::nullopt};
    if (!flattener_.flatten(line, map_, {kept.data(), kept.size()})) return "none";
    std::string out;
    for (const auto& [field, value] : builder.finish({}, json).fields()) {
      out += (out.empty() ? "" : " ") + std::string(names_.name(field)) + "=" + render_text(value);
    }
    return out;
  }

  FieldNames names_;
  DynamicFields fields_{names_};
  LineClock clock_;
  KeyMap map_;
  JsonFlattener flattener_;
};

TEST_F(JsonFlatten, names_are_joined_and_arrays_are_lists) {
  const std::string_view json = R"({"x":{"a":"1","b":[1,"two",{"c":true}]},"y":null,"z":-7})";
  const std::string wanted = "x.a=1 x.b=1, two x.b.c=true y= z=-7";
  EXPECT_EQ(flat(json), wanted);
  EXPECT_EQ(flat(json), wanted);  // remembered
}

// Names that were met in one order come in another, or under another object.
TEST_F(JsonFlatten, members_are_told_by_name_whatever_came_before) {
  EXPECT_EQ(flat(R"({"p":"1","q":"2","o":{"p":"3","q":"4"}})"), "p=1 q=2 o.p=3 o.q=4");
  EXPECT_EQ(flat(R"({"o":{"q":"4","p":"3"},"q":"2","p":"1"})"), "p=1 q=2 o.p=3 o.q=4");
  EXPECT_EQ(flat(R"( { "p" : "1" , "pp":"5", "o" : { "p" : "3" } , "q" : "2" })"), "p=1 q=2 o.p=3 pp=5");
  EXPECT_EQ(flat(R"({"o":{"o":{"p":"6"}},"o.p":"7"})"), "o.p=7 o.o.p=6");
}

TEST_F(JsonFlatten, what_is_escaped_is_read_and_what_comes_behind_is_not_mistaken) {
  EXPECT_EQ(flat(R"({"a":"x\\","b":"\"b\":\"no\"","c":"\u0041","d":"","e":"plain"})"),
            R"(a=x\ b="b":"no" c=A d= e=plain)");
  EXPECT_EQ(flat(R"({"a":"\u005cu005c","b":"1","\u0063":"2","d":"\"","e":"3"})"), R"(a=\u005c b=1 c=2 d=" e=3)");
  EXPECT_EQ(flat(R"({"a":"1","a\"b":"2","c":"3"})"), R"(a=1 c=3 a"b=2)");
}

TEST_F(JsonFlatten, values_stand_in_the_line_where_they_can) {
  EventBatch batch;
  EventBuilder builder(batch);
  const auto kept = builder.keep_line(R"({"a":{"plain":"as it is"},"n":1,"quoted":"a \"b\""})");
  const std::string_view text(kept.data(), kept.size());
  LineContext line{builder, fields_, clock_, {}, std::nullopt};
  ASSERT_TRUE(flattener_.flatten(line, map_, text));
  EXPECT_EQ(builder.find(fields_.find("a.plain"))->as_text().data(), text.data() + text.find("as it is"));
  EXPECT_EQ(builder.find(fields_.find("quoted"))->as_text(), "a \"b\"");
}

TEST_F(JsonFlatten, many_names_and_deep_ones_are_still_named) {
  for (int i = 0; i < 6'000; ++i) {
    const auto name = "n" + std::to_string(i);
    ASSERT_EQ(flat("{\"" + name + "\":{\"x\":\"1\",\"y\":\"2\"}}"), name + ".x=1 " + name + ".y=2");
  }
  std::string json = R"("bottom")";
  for (int i = 0; i < 60; ++i) json = "{\"d\":" + json + ",\"e\":\"1\"}";
  EXPECT_TRUE(flat(json).ends_with(" d.d.e=1 d.e=1 e=1"));
}

TEST_F(JsonFlatten, what_is_no_object_sets_nothing) {
  for (const std::string_view json : {"", "[1]", "{\"a\":1", "{\"a\":1}x", "{\"a\":01}", "\"text\""})
    EXPECT_EQ(flat(json), "none");
}

}  // namespace
}  // namespace tocsin::collectors
