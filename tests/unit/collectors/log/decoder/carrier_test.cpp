// Objects inside of objects, names made over, text inside of fields, addresses of lines nobody knows.

#include <gtest/gtest.h>

#include "collectors/event/field_table.h"
#include "collectors/log/line/line_decoder.h"

namespace tocsin::collectors {
namespace {

constexpr const char* text =
    "decoder: wrapper\nlines: json\ncarries: true\nwhen: {carrier: true}\n"
    "rename: [{under: \"in.\", pascal: true, unescape: true}]\nsamples: []\n"
    "---\n"
    "decoder: product\nlines: json\nwhen: {UserName: true}\nkeys: {UserName: user.name}\nset: {event.module: product}\n"
    "---\n"
    "decoder: known\nprograms: [knownd]\npatterns:\n  - {id: a, match: \"login of {user.name:word}\"}\n"
    "---\n"
    "decoder: rest\nlines: rest\npatterns:\n  - {needs: \" from \", match: \"{*} from {source.ip}{?{*}?}\"}\n";

class Carrier : public ::testing::Test {
 protected:
  Carrier() {
    const DecoderSource source{"own.yaml", text};
    set = compile_decoders(std::span(&source, 1), names, diagnostics);
  }
  std::string decoded(std::string_view line, std::string_view name) {
    EventBatch batch;
    EventBuilder builder(batch);
    LineDecoder decoder(set, names, LineSource{.name = "x"});
    decoder.decode(line, hash128(line), Time{}, builder);
    matched = std::string(decoder.matched().decoder);
    const auto field = names.find(name);
    const Value* value = field ? batch.events()[0].find(*field) : nullptr;
    return value == nullptr ? "null" : render_text(*value);
  }
  FieldNames names;
  Diagnostics diagnostics;
  std::shared_ptr<const DecoderSet> set;
  std::string matched;
};

TEST_F(Carrier, opens_an_envelope_and_goes_on_inside) {
  EXPECT_EQ(diagnostics.errors(), 0U);
  EXPECT_EQ(
      decoded(R"({"carrier":"c","in":{"userName":"bob","path":"C:\\\\Temp\\\\a \\\"b\\\" &lt;c&gt;"}})", "user.name"),
      "bob");
  EXPECT_EQ(matched, "product");
  EXPECT_EQ(decoded(R"({"carrier":"c","in":{"path":"C:\\\\Temp\\\\a \\\"b\\\" &lt;c&gt;"}})", "Path"),
            R"(C:\Temp\a "b" <c>)");
  EXPECT_EQ(matched, "wrapper");
}

TEST_F(Carrier, leaves_what_is_there_and_what_is_cut) {
  EXPECT_EQ(decoded(R"({"carrier":"c","UserName":"eve","in":{"userName":"bob"}})", "user.name"), "eve");
  EXPECT_EQ(decoded(R"({"carrier":"c","in":{"path":"end\\"}})", "Path"), "end\\");
  EXPECT_EQ(decoded(R"({"carrier":"c","in":{"path":"&lt"}})", "Path"), "&lt");
  EXPECT_EQ(decoded(R"({"carrier":"c","in":{"":"x"}})", "carrier"), "c");
  EXPECT_EQ(decoded(R"({"carrier":"c","in":{"userName":)", "user.name"), "null");
}

TEST_F(Carrier, stands_many_members) {
  std::string line = R"({"carrier":"c","in":{)";
  for (int i = 0; i < 5000; ++i) line += "\"m" + std::to_string(i) + "\":\"a\\\\\\\\b\",";
  line += R"("userName":"late"}})";
  EXPECT_EQ(decoded(line, "M7"), "a\\b");
}

TEST_F(Carrier, an_address_of_an_unknown_line_does_not_decide_it) {
  EXPECT_EQ(decoded("Feb  1 10:00:00 srv knownd[7]: trouble from 203.0.113.9 today", "source.ip"), "203.0.113.9");
  EXPECT_EQ(matched, "known");
  EXPECT_EQ(decoded("Feb  1 10:00:00 srv knownd[7]: trouble from nowhere", "source.ip"), "null");
  EXPECT_EQ(decoded("Feb  1 10:00:00 srv other[7]: trouble from 203.0.113.9", "source.ip"), "203.0.113.9");
  EXPECT_EQ(matched, "");
}

TEST_F(Carrier, a_reading_is_one_json_object) {
  const auto reading =
      render_reading(set, names, "Feb  1 10:00:00 srv knownd[7]: login of b\"ob", LineSource{}, Time{});
  EXPECT_TRUE(reading.starts_with(
      R"({"line":"Feb  1 10:00:00 srv knownd[7]: login of b\"ob","decoder":"known","pattern":"a",)"))
      << reading;
  EXPECT_EQ(render_reading(set, names, "\x01", LineSource{}, Time{}).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace tocsin::collectors
