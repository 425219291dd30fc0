#include <gtest/gtest.h>

#include <algorithm>

#include "responders/playbook/plan.h"
#include "tests/unit/responders/playbook/example.h"

namespace tocsin::responders {
namespace {

struct Checked {
  bool good = false;
  std::vector<std::string> codes;  // errors and warnings
  bool has(std::string_view code) const { return std::find(codes.begin(), codes.end(), code) != codes.end(); }
};

Checked check(const std::string& text, Strictness strictness = Strictness::strict) {
  Diagnostics diagnostics;
  Checked out;
  out.good = load_playbook(text, "test.json", diagnostics, strictness).has_value();
  for (const Diagnostic& diagnostic : diagnostics.all())
    if (diagnostic.severity != Severity::note) out.codes.push_back(diagnostic.code);
  EXPECT_EQ(out.good, !diagnostics.has_errors());
  return out;
}

struct Change {
  const char* what;
  std::string from;
  std::string to;
  const char* code;  // nullptr = stays valid
};
// Names the test: bytes would be others in every build.
void PrintTo(const Change& change, std::ostream* out) { *out << change.what; }

class OneChange : public ::testing::TestWithParam<Change> {};

TEST_P(OneChange, is_judged) {
  const Change& change = GetParam();
  const std::string before = simple_playbook();
  const std::string after = replaced(before, change.from, change.to);
  ASSERT_NE(before, after) << change.what;
  const Checked checked = check(after);
  if (change.code == nullptr) {
    EXPECT_TRUE(checked.good) << change.what << ": " << (checked.codes.empty() ? "" : checked.codes.front());
  } else {
    EXPECT_FALSE(checked.good) << change.what;
    EXPECT_TRUE(checked.has(change.code))
        << change.what << ": " << (checked.codes.empty() ? "" : checked.codes.front());
  }
}

const std::string completion = to("on_completion", end_id);
const std::string step = R"("type":"action",)";
const std::string command = R"({"type":"manual","command":"look at __ip__:value"})";
const std::string variable = R"("__ip__":{"type":"ipv4-addr","value":"192.0.2.1"})";

INSTANTIATE_TEST_SUITE_P(
    Steps, OneChange,
    ::testing::Values(
        Change{"next step twice", completion + "}", completion + "," + to("on_success", end_id) + "}", "P0204"},
        Change{"completion and failure", completion + "}", completion + "," + to("on_failure", end_id) + "}", "P0204"},
        Change{"no next step", "," + completion + "}", "}", "P0205"},
        Change{"negative timeout", step, step + R"("timeout":-1,)", "P0105"},
        Change{"delay 0", step, step + R"("delay":0,)", nullptr},
        Change{"dangling", completion, to("on_completion", step_id("end", 9)), "P0203"},
        Change{"undefined agent", R"("agent":"individual--aaaaaaaa)", R"("agent":"individual--baaaaaaa)", "P0601"},
        Change{"no commands", "\"commands\":[" + command + "],", "", "P0507"},
        Change{"loop", completion, to("on_completion", step_id("action", 1)), "P0208"},
        Change{"wrong type", R"("type":"action")", R"("type":"acting")", "P0201"},
        Change{"id of another type", "\"action--aaaaaaaa-0000-4000-8000-000000000001\":",
               "\"parallel--aaaaaaaa-0000-4000-8000-000000000001\":", "P0207"},
        Change{"version 1 id", "\"action--aaaaaaaa-0000-4000-8000-000000000001\":",
               "\"action--aaaaaaaa-0000-1000-8000-000000000001\":", "P0111"},
        Change{"start with success", R"("type":"start","on_completion")", R"("type":"start","on_success")", "P0206"},
        Change{"end with completion", R"({"type":"end"})", "{\"type\":\"end\"," + to("on_completion", end_id) + "}",
               "P0206"}));

INSTANTIATE_TEST_SUITE_P(
    Commands, OneChange,
    ::testing::Values(Change{"neither command", R"(,"command":"look at __ip__:value")", "", "P0501"},
                      Change{"yara without base64", R"("type":"manual")", R"("type":"yara")", "P0506"},
                      Change{"broken base64", R"("command":"look at __ip__:value")", R"("command_b64":"a!b=")",
                             "P0503"},
                      Change{"undeclared variable", "look at __ip__:value", "look at __other__:value", "P0303"},
                      Change{"custom type", R"("type":"manual")", R"("type":"ftp")", nullptr},
                      Change{"http start line", R"("type":"manual")", R"("type":"http-api")", "P0504"},
                      Change{"unlisted activity", R"("command":"look)",
                             R"("playbook_activity":"map-network","command":"look)", "P0508"}));

INSTANTIATE_TEST_SUITE_P(
    Variables, OneChange,
    ::testing::Values(
        Change{"bad name", "\"__ip__\"", "\"bad\"", "P0301"}, Change{"bad value", "192.0.2.1", "999.1.1.1", "P0302"},
        Change{"number value", "\"192.0.2.1\"", "5", "P0102"},
        Change{"object value", variable, variable + R"(,"__d__":{"type":"dictionary","value":{"a":"b"}})", nullptr},
        Change{"null value", "\"192.0.2.1\"", "null", nullptr}, Change{"unknown type", "ipv4-addr", "colour", "P0304"},
        Change{"no type", R"("type":"ipv4-addr",)", "", "P0101"},
        Change{"external in a step", step, step + R"("step_variables":{"__s__":{"type":"string","external":true}},)",
               "P0307"},
        Change{"constant in out_args", R"("value":"192.0.2.1"}},)",
               R"("value":"192.0.2.1"},"__k__":{"type":"string","value":"","constant":true}},)", nullptr}));

INSTANTIATE_TEST_SUITE_P(
    Metadata, OneChange,
    ::testing::Values(
        Change{"another version", "cacao-2.0", "1.1", "P0106"},
        Change{"no modified", "\"modified\":\"2026-01-01T00:00:00.000Z\",", "", "P0101"},
        Change{"modified first", "\"modified\":\"2026", "\"modified\":\"2025", "P0114"},
        Change{"no milliseconds", "00.000Z", "00Z", "P0113"},
        Change{"priority", R"("name":"Example",)", R"("name":"Example","priority":101,)", "P0105"},
        Change{"revoked text", R"("name":"Example",)", R"("name":"Example","revoked":"false",)", "P0102"},
        Change{"unknown property", R"("name":"Example",)", R"("name":"Example","colour":"red",)", "P0103"},
        Change{"key twice", R"("name":"Example",)", R"("name":"Example","name":"Other",)", "P0002"},
        Change{"types without activities", R"("name":"Example",)", R"("name":"Example","playbook_types":["attack"],)",
               "P0116"},
        Change{"summary lies", R"("name":"Example",)",
               R"("name":"Example","playbook_processing_summary":{"if_logic":true},)", "P0118"},
        Change{"undefined marking", R"("name":"Example",)",
               R"("name":"Example","markings":["marking-tlp--94868c89-83c2-464b-929b-a1a8aa3c8487"],)", "P0701"},
        Change{"no start", R"("type":"start")", R"("type":"end")", "P0202"}));

INSTANTIATE_TEST_SUITE_P(
    Agents, OneChange,
    ::testing::Values(
        Change{
            "custom agent", R"({"type":"individual","name":"Ann"})",
            R"({"type":"individual","name":"Ann"},"robot--aaaaaaaa-0000-4000-8000-0000000000ef":{"type":"robot","name":"R"})",
            nullptr},
        Change{
            "address variable", R"({"type":"individual","name":"Ann"})",
            R"({"type":"individual","name":"Ann"},"net-address--aaaaaaaa-0000-4000-8000-0000000000ef":{"type":"net-address","name":"R","address":{"ipv4":["__ip__:value"],"url":["http://localhost:8080/"]}})",
            nullptr},
        Change{
            "bad address", R"({"type":"individual","name":"Ann"})",
            R"({"type":"individual","name":"Ann"},"net-address--aaaaaaaa-0000-4000-8000-0000000000ef":{"type":"net-address","name":"R","address":{"ipv4":["999.1.1.1"]}})",
            "P0604"}));

TEST(Validate, the_example_is_valid_and_points_at_places) {
  EXPECT_TRUE(check(simple_playbook()).good);
  Diagnostics diagnostics;
  EXPECT_FALSE(load_playbook(replaced(simple_playbook(), completion, to("on_completion", step_id("end", 9))), "x.json",
                             diagnostics));
  ASSERT_EQ(diagnostics.errors(), 1U);
  const auto at = std::find_if(diagnostics.all().begin(), diagnostics.all().end(),
                               [](const Diagnostic& d) { return d.severity == Severity::error; });
  EXPECT_EQ(at->line, 6U);
  EXPECT_EQ(at->item, "step 1");
}

TEST(Validate, branches_stay_apart) {
  const auto condition = [](std::string_view on_true, std::string_view next) {
    return "\"" + step_id("if-condition", 2) + R"(":{"type":"if-condition","condition":"__ip__:value = '192.0.2.1'",)" +
           std::string(on_true) + "," + std::string(next) + "}";
  };
  const std::string first = step_id("if-condition", 2);
  const std::string good =
      playbook_with(condition(to("on_true", step_id("action", 3)), to("on_completion", end_id)) + "," +
                        manual_step(3, to("on_completion", step_id("end", 4))) + "," + end_step(4),
                    variable, "", first);
  EXPECT_TRUE(check(good).good);
  const std::string shared_end =
      playbook_with(condition(to("on_true", step_id("action", 3)), to("on_completion", end_id)) + "," +
                        manual_step(3, to("on_completion", end_id)),
                    variable, "", first);
  EXPECT_TRUE(check(shared_end).has("P0215"));
  EXPECT_TRUE(check(shared_end, Strictness::tolerant).good);
  const std::string jump_out = playbook_with(
      condition(to("on_true", step_id("action", 3)), to("on_completion", step_id("action", 5))) + "," +
          manual_step(3, to("on_completion", step_id("action", 5))) + "," + manual_step(5, to("on_completion", end_id)),
      variable, "", first);
  EXPECT_TRUE(check(jump_out).has("P0209"));
  const std::string back = playbook_with(condition(to("on_true", step_id("action", 3)), to("on_completion", end_id)) +
                                             "," + manual_step(3, to("on_completion", first)),
                                         variable, "", first);
  EXPECT_FALSE(check(back, Strictness::tolerant).good);
  const std::string into_itself =
      playbook_with(condition(to("on_true", first), to("on_completion", end_id)), variable, "", first);
  EXPECT_TRUE(check(into_itself).has("P0208"));
}

TEST(Validate, an_unreachable_step_is_told) {
  EXPECT_TRUE(check(playbook_with(manual_step(1, to("on_completion", end_id)) + "," +
                                  manual_step(7, to("on_completion", end_id))))
                  .has("P0210"));
}

TEST(Validate, a_hostile_document_is_bounded) {
  std::string steps = manual_step(1, to("on_completion", end_id));
  for (int i = 2; i < 3000; ++i) steps += "," + manual_step(i, to("on_completion", step_id("action", i - 1)));
  Diagnostics diagnostics;
  EXPECT_TRUE(load_playbook(playbook_with(steps), "x", diagnostics).has_value());
  EXPECT_LE(diagnostics.all().size(), 1000U);
}

}  // namespace
}  // namespace tocsin::responders
