#include "collectors/log/json/stored_event.h"

#include <gtest/gtest.h>

#include "collectors/base/json.h"
#include "collectors/event/field_table.h"

namespace tocsin::collectors {
namespace {

std::string line_of(const Event& event, const FieldNames& names) {
  std::string out;
  JsonWriter json(out);
  append_json(json, event, names);
  return out;
}

TEST(StoredEvent, comes_back_as_it_was) {
  FieldNames names;
  EventBatch batch, again;
  EventBuilder builder(batch), other(again);
  builder.set_typed(field::source_ip, "203.0.113.9");
  builder.set(field::user_name, "bob");
  builder.set(names.intern("own"), std::int64_t{-3});
  builder.set(names.intern("flag"), true);
  builder.set_null(names.intern("nothing"));
  builder.append(names.intern("list"), "a");
  builder.append(names.intern("list"), "b");
  const auto& event = builder.finish({.id = {7, 9},
                                      .observed = Time{std::chrono::seconds{1'700'000'000}},
                                      .ingested = Time{std::chrono::seconds{1'700'000'001}},
                                      .event_class = EventClass::authentication,
                                      .dataset = "sshd",
                                      .host = "web01"},
                                     "Failed \"password\"\n");
  const auto line = line_of(event, names);
  StoredEventReader reader(names);
  ASSERT_TRUE(reader.read(line, other));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(line_of(again.events()[0], names), line);
  EXPECT_EQ(again.events()[0].header().event_class, EventClass::authentication);
  EXPECT_EQ(again.events()[0].find(field::host_name)->as_text(), "web01");
}

TEST(StoredEvent, other_lines_are_refused_and_leave_nothing_behind) {
  FieldNames names;
  EventBatch batch;
  EventBuilder builder(batch);
  StoredEventReader reader(names);
  const std::string good =
      R"({"@timestamp":"2024-01-01T00:00:00Z","event.id":"00000000000000070000000000000009","event.class":"dns","x":1})";
  for (const auto* text :
       {"", "x", "[]", "{}", R"({"@timestamp":"2024-01-01T00:00:00Z","event.class":"dns","user.name":"left behind"})",
        R"({"@timestamp":"never","event.id":"00000000000000070000000000000009","event.class":"dns"})",
        R"({"@timestamp":"2024-01-01T00:00:00Z","event.id":"7","event.class":"dns"})",
        R"({"@timestamp":"2024-01-01T00:00:00Z","event.id":"00000000000000070000000000000009","event.class":"nosuch"})",
        R"({"@timestamp":1,"event.id":2,"event.class":3})"})
    EXPECT_FALSE(reader.read(text, builder)) << text;
  for (std::size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(reader.read(good.substr(0, cut), builder)) << cut;
  EXPECT_TRUE(batch.empty());
  ASSERT_TRUE(reader.read(good, builder));
  EXPECT_EQ(batch.events()[0].find(field::user_name), nullptr);
}

}  // namespace
}  // namespace tocsin::collectors
