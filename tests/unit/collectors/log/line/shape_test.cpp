// Objects one after the other through one reader: what is remembered of their shape never decides in place of their
// values.

#include <gtest/gtest.h>

#include "collectors/log/line/line_decoder.h"

namespace tocsin::collectors {
namespace {

constexpr std::string_view first = R"(decoder: envelope
lines: json
carries: true
when: {carrier: true}
rename: [{under: "in."}]
---
decoder: apples
lines: json
when: {kind: apple, sort: true}
---
decoder: bare
lines: json
when: {kind: pear, sort: false}
---
decoder: pears
lines: json
when: {kind: pear}
)";
constexpr std::string_view second = "decoder: fruit\nlines: json\nwhen: {kind: true}\n";

class Shape : public ::testing::Test {
 protected:
  std::shared_ptr<const DecoderSet> compiled(std::string_view text) {
    const DecoderSource source{"own.yaml", std::string(text)};
    auto set = compile_decoders(std::span(&source, 1), names_, diagnostics_);
    EXPECT_EQ(diagnostics_.errors(), 0U);
    return set;
  }
  std::string_view matched(std::string_view line) {
    EventBatch batch;
    EventBuilder builder(batch);
    decoder.decode(line, hash128(line), Time{}, builder);
    return decoder.matched().decoder;
  }

 private:
  FieldNames names_;
  Diagnostics diagnostics_;

 protected:
  LineDecoder decoder{compiled(first), names_, LineSource{.name = "x"}};
};

TEST_F(Shape, the_same_members_with_other_values) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(matched(R"({"kind":"apple","sort":1})"), "apples");
    EXPECT_EQ(matched(R"({"kind":"pear","sort":1})"), "pears");
    EXPECT_EQ(matched(R"({"kind":"apple","sort":null})"), "");
    EXPECT_EQ(matched(R"({"kind":"pear","sort":null})"), "bare");
    EXPECT_EQ(matched(R"({"kind":"pear"})"), "bare");
    EXPECT_EQ(matched(R"({"size":3})"), "");
    EXPECT_EQ(matched("{}"), "");
  }
}

TEST_F(Shape, what_an_envelope_held_counts_as_well) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(matched(R"({"carrier":1,"in":{"kind":"apple","sort":1}})"), "apples");
    EXPECT_EQ(matched(R"({"carrier":1,"in":{"kind":"plum","sort":1}})"), "envelope");
    EXPECT_EQ(matched(R"({"carrier":null,"in":{"kind":"apple","sort":1}})"), "");
  }
}

TEST_F(Shape, other_decoders_are_asked_after_a_reload) {
  EXPECT_EQ(matched(R"({"kind":"apple","sort":1})"), "apples");
  decoder.use(compiled(second));
  EXPECT_EQ(matched(R"({"kind":"apple","sort":1})"), "fruit");
}

}  // namespace
}  // namespace tocsin::collectors
