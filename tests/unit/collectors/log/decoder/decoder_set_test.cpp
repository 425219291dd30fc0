#include "collectors/log/decoder/decoder_set.h"

#include <gtest/gtest.h>

#include "collectors/event/field_table.h"
#include "collectors/log/line/line_decoder.h"

namespace tocsin::collectors {
namespace {

struct Compiled {
  FieldNames names;
  Diagnostics diagnostics;
  std::shared_ptr<const DecoderSet> set;
};
std::unique_ptr<Compiled> compile(const std::string& text) {
  auto out = std::make_unique<Compiled>();
  const DecoderSource source{"own.yaml", text};
  out->set = compile_decoders(std::span(&source, 1), out->names, out->diagnostics);
  return out;
}

std::string decoded(Compiled& c, std::string_view line, Field field) {
  EventBatch batch;
  EventBuilder builder(batch);
  LineDecoder decoder(c.set, c.names, LineSource{.name = "x"});
  decoder.decode(line, hash128(line), Time{}, builder);
  const Value* value = batch.events()[0].find(field);
  return value == nullptr ? "null" : render_text(*value);
}

TEST(DecoderSet, refuses_the_bad_and_loads_the_rest) {
  auto c = compile(
      "decoder: good\nlines: message\npatterns:\n  - match: \"hello {user.name:word}\"\n"
      "  - match: \"broken {user.name\"\n  - match: \"{nosuch.field}\"\n  - match: \"{user.name:nosuchtype}\"\n"
      "---\ndecoder: bad\nlines: message\nunknown_key: 1\n---\ndecoder: lost\n");
  EXPECT_EQ(c->diagnostics.errors(), 5U);
  EXPECT_EQ(c->diagnostics.all()[0].line, 5U);
  EXPECT_EQ(c->diagnostics.all()[0].file, "own.yaml");
  EXPECT_EQ(decoded(*c, "hello bob", field::user_name), "bob");
}

// Of a source that says whose lines it holds.
std::string decoded_of(Compiled& c, const std::string& program, std::string_view line, Field field) {
  EventBatch batch;
  EventBuilder builder(batch);
  LineDecoder decoder(c.set, c.names, LineSource{.name = "x", .program = program});
  decoder.decode(line, hash128(line), Time{}, builder);
  const Value* value = batch.events()[0].find(field);
  return value == nullptr ? "null" : render_text(*value);
}

TEST(DecoderSet, a_source_says_whose_lines_it_holds) {
  auto c = compile(
      "decoder: door\nprograms: [door]\nlines: json\npatterns:\n  - match: \"open {user.name:word}\"\n"
      "keys: {who: user.name}\n");
  ASSERT_EQ(c->diagnostics.errors(), 0U);
  EXPECT_EQ(decoded(*c, "open bob", field::user_name), "null");
  EXPECT_EQ(decoded_of(*c, "door", "open bob", field::user_name), "bob");
  EXPECT_EQ(decoded_of(*c, "door", "open bob", field::log_syslog_appname), "door");
  EXPECT_EQ(decoded_of(*c, "gate", "open bob", field::user_name), "null");
  EXPECT_EQ(decoded_of(*c, "door", R"({"who":"bob"})", field::user_name), "bob");
  EXPECT_EQ(decoded_of(*c, "gate", R"({"who":"bob"})", field::user_name), "null");
  // What a line says of itself comes first.
  EXPECT_EQ(decoded_of(*c, "gate", "May  1 10:00:00 h door[7]: open bob", field::user_name), "bob");
}

TEST(DecoderSet, a_field_is_taken_apart_and_a_line_inside_is_decoded) {
  auto c = compile(
      "decoder: app\nlines: json\nwhen: {msg: true}\nextract:\n  - from: [none, msg]\n    patterns:\n"
      "      - {match: \"bye {user.name:word}\", set: {event.action: left}}\n"
      "      - {match: \"hello {user.name:word}\", set: {event.action: came}}\n"
      "---\ndecoder: box\nlines: json\nwhen: {log: true}\nset: {event.module: box}\nnested: log\n"
      "---\ndecoder: bad\nlines: json\nextract: [{from: x}]\n");
  EXPECT_EQ(c->diagnostics.errors(), 1U);
  EXPECT_EQ(decoded(*c, R"({"msg":"hello bob"})", field::user_name), "bob");
  EXPECT_EQ(decoded(*c, R"({"msg":"hello bob"})", field::event_action), "came");
  EXPECT_EQ(decoded(*c, R"({"msg":"nothing"})", field::event_action), "null");
  EXPECT_EQ(decoded(*c, R"({"log":"{\"msg\":\"hello bob\"}"})", field::user_name), "bob");
  // Not deeper than once.
  EXPECT_EQ(decoded(*c, R"({"log":"{\"log\":\"{\\\"msg\\\":\\\"hello bob\\\"}\"}"})", field::user_name), "null");
}

TEST(DecoderSet, a_file_that_is_no_yaml_is_one_diagnostic) {
  // The second made the library look for documents for ever.
  for (const char* text : {"a: [b\n", ",{a: b}\n"}) {
    auto c = compile(text);
    EXPECT_EQ(c->diagnostics.errors(), 1U) << text;
    EXPECT_EQ(c->diagnostics.all()[0].code, "D0101") << text;
  }
}

TEST(DecoderSet, an_alias_inside_what_it_names_is_refused) {
  auto c = compile(
      "decoder: snake\nlines: message\nthen: &x\n  - {when: {user.name: true}, then: *x}\n---\n"
      "decoder: rabbits\nlines: message\nthen: &y\n  - {when: {}, then: *y}\n  - {when: {}, then: *y}\n"
      "  - {when: {}, then: *y}\n---\n"
      "decoder: good\nlines: message\npatterns:\n  - match: \"hello {user.name:word}\"\n");
  EXPECT_EQ(c->diagnostics.errors(), 2U);
  EXPECT_EQ(decoded(*c, "hello bob", field::user_name), "bob");
}

TEST(DecoderSet, captures_of_every_kind) {
  auto c = compile(R"(decoder: k
lines: message
expressions: {letters: "[a-c]+"}
patterns:
  - match: "u {user.name:greedy} from {source:endpoint}{? [{event.reason:text}]?}{? x={event.code:(one|two)}?}"
  - match: "re {event.code:re_letters}{*}"
  - match: "kv {:pairs}"
  - match: "braces {{{event.code:text}}}"
keys: {who: user.name, at: "source:host"}
)");
  ASSERT_FALSE(c->diagnostics.has_errors()) << render_text(c->diagnostics.all()[0]);
  EXPECT_EQ(decoded(*c, "u a from b from [2001:db8::1]:22 [why]", field::user_name), "a from b");
  EXPECT_EQ(decoded(*c, "u a from [2001:db8::1]:22", field::source_port), "22");
  EXPECT_EQ(decoded(*c, "u a from 203.0.113.9 x=two", field::event_code), "two");
  EXPECT_EQ(decoded(*c, "u a from 203.0.113.9 x=three", field::event_code), "null");
  EXPECT_EQ(decoded(*c, "re abcd", field::event_code), "abc");
  EXPECT_EQ(decoded(*c, "kv who=\"a b\" at=203.0.113.9 z=1", field::source_ip), "203.0.113.9");
  EXPECT_EQ(decoded(*c, "kv who=\"a b\" at=203.0.113.9", field::user_name), "a b");
  EXPECT_EQ(decoded(*c, "braces {5}", field::event_code), "5");
}

TEST(DecoderSet, hostile_text_against_an_ambiguous_pattern_ends) {
  auto c = compile("decoder: k\nlines: message\npatterns:\n  - match: \"{*}a{*}a{*}a{*}a{*}a{*}b\"\n");
  EXPECT_EQ(decoded(*c, std::string(60000, 'a'), field::event_code), "null");
}

TEST(DecoderSet, explains_what_matched) {
  auto c = compile("decoder: k\nlines: message\npatterns:\n  - id: greeting\n    match: \"hello {user.name:word}\"\n");
  const auto text = explain_line(c->set, c->names, "hello b\x1b[31m", LineSource{}, Time{});
  EXPECT_NE(text.find("k, pattern greeting"), std::string::npos) << text;
  EXPECT_NE(text.find("user.name = b\\x1b[31m"), std::string::npos) << text;
  EXPECT_NE(explain_line(c->set, c->names, "bye", LineSource{}, Time{}).find("kept whole"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::collectors
