// Every decoder file that ships: compiles without a diagnostic, decodes its own samples, leaves its `not:` lines alone.
#include <gtest/gtest.h>

#include "collectors/log/line/line_decoder.h"

namespace tocsin::collectors {
namespace {

class ShippedDecoders : public testing::Test {
 protected:
  void SetUp() override {
    auto sources = read_decoder_directory(std::string(TOCSIN_SOURCE_DIR) + "/etc/decoders");
    ASSERT_TRUE(sources) << sources.error().text();
    ASSERT_FALSE(sources->empty());
    Diagnostics diagnostics;
    decoders = compile_decoders(*sources, names, diagnostics);
    for (const auto& d : diagnostics.all()) ADD_FAILURE() << render_text(d);
  }

  const Event* decode(const std::string& line, EventBatch& batch, const std::string& program) {
    EventBuilder builder(batch);
    LineDecoder decoder(
        decoders, names,
        LineSource{.name = "test", .default_host = "here", .clock = LineClock(TimeZone{}, 2024), .program = program});
    decoder.decode(line, hash128(line), parse_time("2024-12-31T00:00:00Z").value(), builder);
    return batch.empty() ? nullptr : &batch.events()[0];
  }

  std::string value(const Event& event, const std::string& name) {
    if (name == "@timestamp") return render_time(event.header().observed);
    if (name == "event.dataset") return std::string(event.header().dataset);
    if (name == "event.class") return std::string(event_class_name(event.header().event_class));
    const auto field = names.find(name);
    const Value* found = field ? event.find(*field) : nullptr;
    return found == nullptr || found->is_null() ? "null" : render_text(*found);
  }

  FieldNames names;
  std::shared_ptr<const DecoderSet> decoders;
};

TEST_F(ShippedDecoders, decode_their_samples) {
  for (const auto& sample : decoders->samples()) {
    if (!sample.must_match) continue;
    EventBatch batch;
    const auto* event = decode(sample.line, batch, sample.program);
    ASSERT_NE(event, nullptr);
    for (const auto& [name, wanted] : sample.fields)
      EXPECT_EQ(value(*event, name), wanted) << sample.decoder << ": " << name << " of: " << sample.line << "\n"
                                             << explain_line(decoders, names, sample.line, LineSource{}, Time{});
  }
}

TEST_F(ShippedDecoders, leave_other_lines_alone) {
  for (const auto& sample : decoders->samples()) {
    if (sample.must_match) continue;
    EventBatch batch;
    EventBuilder builder(batch);
    DynamicFields fields(names);
    LineClock clock;
    LineContext context{builder, fields, clock, Time{}, std::nullopt};
    Verdict verdict;
    const auto match = decoders->decode_line(sample.line, LineOrder::syslog_first, context, verdict);
    EXPECT_TRUE(match.decoder != sample.decoder || match.pattern.empty())
        << sample.decoder << " matched by " << match.pattern << ": " << sample.line;
  }
}

TEST_F(ShippedDecoders, each_file_has_a_sample_and_a_counterexample) {
  for (const auto& name : decoders->names()) {
    bool good = false;
    bool bad = false;
    for (const auto& sample : decoders->samples()) {
      if (sample.decoder != name) continue;
      (sample.must_match ? good : bad) = true;
    }
    EXPECT_TRUE(good) << name << " has no samples:";
    EXPECT_TRUE(bad) << name << " has no not:";
  }
}

}  // namespace
}  // namespace tocsin::collectors
