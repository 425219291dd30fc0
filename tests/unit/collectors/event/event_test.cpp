#include "collectors/event/event.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "collectors/event/field_table.h"

namespace tocsin {
namespace {

TEST(EventBuilder, builds_sorted_native_fields) {
  EventBatch batch;
  EventBuilder builder(batch);
  builder.set(field::user_name, "root");
  builder.set_typed(field::source_ip, "192.0.2.7");
  builder.set_typed(field::source_port, "22");
  builder.append(field::user_name, "admin");
  const Event& event = builder.finish(EventHeader{.dataset = "sshd", .host = "web01"}, "the line");
  ASSERT_EQ(event.fields().size(), 3U);
  EXPECT_EQ(event.ip(field::source_ip), parse_address("192.0.2.7").value());
  EXPECT_EQ(event.find(field::source_port)->as_unsigned(), 22U);
  EXPECT_EQ(render_text(*event.find(field::user_name)), "root, admin");
  EXPECT_EQ(event.original(), "the line");
  EXPECT_EQ(event.find(field::file_path), nullptr);
}

TEST(EventBuilder, text_of_the_kept_line_is_not_copied) {
  EventBatch batch;
  EventBuilder builder(batch);
  const std::string given = "user root, secret 1234";
  const auto line = builder.keep_line(given);
  std::ranges::fill(line.last(4), '*');
  const std::string_view text(line.data(), line.size());
  builder.set(field::user_name, text.substr(5, 4));
  builder.set(field::host_name, std::string("root"));
  builder.append(field::user_name, text.substr(18));
  const Event& event = builder.finish({}, text);
  EXPECT_EQ(event.original(), "user root, secret ****");
  EXPECT_EQ(event.original().data(), line.data());
  EXPECT_EQ(event.find(field::user_name)->items()[0].as_text().data(), line.data() + 5);
  EXPECT_EQ(render_text(*event.find(field::user_name)), "root, ****");
  EXPECT_EQ(event.text(field::host_name), "root");
  // The next event knows nothing of that line: what is set is copied, whoever owns it.
  builder.set(field::user_name, text.substr(5, 4));
  EXPECT_NE(builder.finish({}, "").text(field::user_name).data(), line.data() + 5);
}

TEST(EventBuilder, text_that_does_not_parse_is_kept_as_text) {
  EventBatch batch;
  EventBuilder builder(batch);
  builder.set_typed(field::source_ip, "not an address");
  EXPECT_EQ(builder.finish({}, "").text(field::source_ip), "not an address");
}

TEST(EventBuilder, a_value_may_be_one_of_its_own_fields) {
  EventBatch batch;
  EventBuilder builder(batch);
  builder.set(field::user_name, "root");
  for (std::uint16_t i = 0; i < 300; ++i) builder.put(static_cast<Field>(1'000 + i), *builder.find(field::user_name));
  const Event& event = builder.finish({}, "");
  ASSERT_EQ(event.fields().size(), 301U);
  for (const auto& each : event.fields()) EXPECT_EQ(render_text(each.value), "root");
}

TEST(EventBuilder, what_was_taken_away_can_be_set_again) {
  EventBatch batch;
  EventBuilder builder(batch);
  builder.set(field::user_name, "root");
  builder.set(field::source_port, std::uint64_t{22});
  builder.erase(std::array{field::user_name, field::user_id});
  EXPECT_EQ(builder.find(field::user_name), nullptr);
  EXPECT_NE(builder.find(field::source_port), nullptr);
  builder.set(field::user_name, "admin");
  builder.set(field::user_name, "guest");
  EXPECT_EQ(builder.finish({}, "").text(field::user_name), "guest");
}

TEST(FieldNames, known_fields_are_constants_and_others_are_interned) {
  FieldNames names;
  EXPECT_EQ(names.find("source.ip"), field::source_ip);
  EXPECT_EQ(names.name(field::source_ip), "source.ip");
  const auto own = names.intern("vendor.thing");
  EXPECT_FALSE(FieldNames::known(own));
  EXPECT_EQ(names.intern("vendor.thing"), own);
  EXPECT_EQ(names.name(own), "vendor.thing");
}

TEST(Interner, refuses_past_its_cap_and_counts) {
  Interner interner(2);
  EXPECT_EQ(interner.intern("a"), 1);
  EXPECT_EQ(interner.intern("b"), 2);
  EXPECT_EQ(interner.intern("c"), 0);
  EXPECT_EQ(interner.intern("a"), 1);
  EXPECT_EQ(interner.refused(), 1U);
}

TEST(Event, renders_flat_json_in_name_order) {
  EventBatch batch;
  EventBuilder builder(batch);
  FieldNames names;
  builder.set(names.intern("zz"), "1");
  builder.set(field::user_name, "root");
  const Event& event = builder.finish(EventHeader{.dataset = "sshd", .host = "web01"}, "x");
  std::string out;
  JsonWriter json(out);
  append_json(json, event, names);
  EXPECT_NE(out.find(R"("user.name":"root","zz":"1","event.original":"x"})"), std::string::npos) << out;
}

}  // namespace
}  // namespace tocsin
