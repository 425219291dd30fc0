#include "collectors/log/json/event_xml.h"

#include <gtest/gtest.h>

#include "collectors/event/field_table.h"

namespace tocsin::collectors {
namespace {

struct Bench {
  FieldNames names;
  DynamicFields fields{names};
  EventBatch batch;
  EventBuilder builder{batch};
  LineClock clock;
  LineContext line{builder, fields, clock, Time{}, std::nullopt};

  bool read(std::string_view text) {
    builder.reset();
    line.observed.reset();
    return flatten_event_xml(line, text);
  }
  std::string value(std::string_view name) {
    const Value* found = builder.find(fields.find(name));
    return found == nullptr ? "null" : render_text(*found);
  }
};

constexpr std::string_view logon =
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<Provider Name=\"P\" Guid='{1}'/><EventID Qualifiers='0'>4625</EventID>"
    "<TimeCreated SystemTime='2024-05-01T10:00:00.5Z'/><Channel>Security</Channel></System>"
    "<EventData><Data Name='TargetUserName'>a &lt;b&gt; &amp;c&#33;</Data><Data Name='Empty'/></EventData></Event>";

TEST(EventXml, gives_the_names_of_the_json_form) {
  Bench b;
  ASSERT_TRUE(looks_like_event_xml(logon));
  ASSERT_TRUE(b.read(logon));
  EXPECT_EQ("4625", b.value("EventID"));
  EXPECT_EQ("P", b.value("Provider_Name"));
  EXPECT_EQ("Security", b.value("Channel"));
  EXPECT_EQ("a <b> &c!", b.value("TargetUserName"));
  EXPECT_EQ("null", b.value("Empty"));
  ASSERT_TRUE(b.line.observed);
  EXPECT_EQ("2024-05-01T10:00:00.500Z", render_time(*b.line.observed));
}

TEST(EventXml, hostile_text_gives_what_was_readable_and_ends) {
  Bench b;
  for (std::size_t cut = 0; cut < logon.size(); ++cut) b.read(logon.substr(0, cut));
  EXPECT_FALSE(b.read("<Event ><x></x>"));
  EXPECT_FALSE(b.read("<Event "));
  std::string many = "<Event><System><EventID>1</EventID></System><EventData>";
  for (int i = 0; i < 5000; ++i) many += "<Data Name='n" + std::to_string(i) + "'>v</Data>";
  ASSERT_TRUE(b.read(many));
  EXPECT_EQ("v", b.value("n0"));
  EXPECT_EQ("null", b.value("n4999"));
  EXPECT_TRUE(b.read("<Event><System><a b='c" + std::string(100'000, '<')));
  EXPECT_TRUE(
      b.read("<Event><System><x></x></System></System></EventData><EventData><Data Name=\"a\">&#99999;&;</Data>"));
  EXPECT_EQ("&#99999;&;", b.value("a"));
}

TEST(EventXml, other_text_is_not_taken_for_it) {
  EXPECT_FALSE(looks_like_event_xml("<Events><Event/></Events>"));
  EXPECT_FALSE(looks_like_event_xml("<34>May  1 10:00:00 host su: x"));
}

}  // namespace
}  // namespace tocsin::collectors
