// A playbook drawn, and a playbook played through.
#include "responders/playbook/graph/graph.h"

#include <gtest/gtest.h>

#include "responders/playbook/run/simulate.h"
#include "tests/unit/responders/playbook/example.h"

namespace tocsin::responders {
namespace {

PlanRef load(const std::string& text) {
  Diagnostics diagnostics;
  auto plan = load_playbook(text, "test.json", diagnostics);
  for (const Diagnostic& d : diagnostics.all())
    if (d.severity == Severity::error) ADD_FAILURE() << render_text(d);
  return plan.value_or(nullptr);
}

std::string forked(std::string_view name = "step 3") {
  return playbook_with("\"" + step_id("if-condition", 2) +
                           R"(":{"type":"if-condition","name":"fork","condition":"__ip__:value = '192.0.2.1'",)" +
                           to("on_true", step_id("action", 3)) + "," + to("on_completion", end_id) + "}," +
                           replaced(manual_step(3, to("on_completion", step_id("end", 4))), "step 3", name) + "," +
                           end_step(4),
                       R"("__ip__":{"type":"ipv4-addr","value":"192.0.2.1"})", "", step_id("if-condition", 2));
}

TEST(Graph, branches_stand_under_their_owner) {
  const PlanRef plan = load(forked());
  const std::string text = render_text(*plan, graph_of(*plan));
  EXPECT_EQ(text,
            "Example\n"
            "   1  start -> 2\n"
            "   2  if-condition \"fork\" [__ip__:value = '192.0.2.1'] -> true 3, 5\n"
            "   3    action \"step 3\" [manual] -> 4\n"
            "   4    end\n"
            "   5  end\n");
}

TEST(Graph, names_cannot_break_out_of_the_drawing) {
  const PlanRef plan = load(forked(R"(</text><script>alert('1')</script>\u001b[31m& \" ]]>)"));
  const std::string svg = render_svg(*plan, graph_of(*plan));
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find('\x1b'), std::string::npos);
  EXPECT_NE(svg.find("&lt;/text&gt;&lt;script&gt;"), std::string::npos);
  EXPECT_EQ(render_text(*plan, graph_of(*plan)).find('\x1b'), std::string::npos);
}

TEST(Graph, every_step_is_drawn_once_however_long_the_playbook) {
  std::string steps = manual_step(1, to("on_completion", step_id("action", 2)));
  for (int i = 2; i < 3000; ++i)
    steps += "," + manual_step(i, to("on_completion", i == 2999 ? std::string(end_id) : step_id("action", i + 1)));
  const PlanRef plan = load(playbook_with(steps));
  const Graph graph = graph_of(*plan);
  EXPECT_EQ(graph.steps.size(), plan->steps().size());
  EXPECT_TRUE(render_svg(*plan, graph).ends_with("</svg>\n"));
}

TEST(Simulate, people_answer_as_the_fixture_says) {
  const PlanRef plan =
      load(playbook_with(manual_step(1, to("on_success", end_id) + "," + to("on_failure", step_id("action", 2))) + "," +
                         manual_step(2, to("on_completion", end_id))));
  const auto fixture = parse_fixture(R"({"answers":{"step 1":["failed"]}})");
  ASSERT_TRUE(fixture.has_value());
  const auto simulation = simulate(plan, *fixture, nullptr);
  ASSERT_TRUE(simulation.has_value()) << simulation.error().text();
  EXPECT_EQ(simulation->result, RunState::completed);
  const std::string text = render_text(*simulation);
  EXPECT_NE(text.find("action \"step 1\": failed; fixture: failed"), std::string::npos) << text;
  EXPECT_NE(text.find("action \"step 2\": done"), std::string::npos) << text;
}

TEST(Simulate, a_fixture_with_a_mistake_is_refused) {
  for (const char* text : {"", "[]", "{\"answer\":{}}", "{\"inputs\":5}", "{\"inputs\":{\"a\":1}}",
                           "{\"answers\":{\"a\":[\"maybe\"]}}", "{\"answers\":{\"a\":[{\"set\":{\"x\":1}}]}}"})
    EXPECT_FALSE(parse_fixture(text).has_value()) << text;
}

// CACAO: out_args alone may be written back, typed; whatever a value says, it stays a value.
TEST(Simulate, answers_are_values_and_nothing_else) {
  const std::string ask =
      R"(":{"type":"action","name":"ask","out_args":["__ip__"],"commands":[{"type":"manual","command":"ask"}],)"
      R"("agent":"individual--aaaaaaaa-0000-4000-8000-0000000000ee",)" +
      to("on_completion", end_id) + "}";
  const PlanRef plan = load(playbook_with("\"" + step_id("action", 1) + ask));
  for (const char* hostile : {"'; rm -rf /", "$(id)", "`id`", "192.0.2.1 OR 1=1", "__ip__:value", "\\n", ""}) {
    Fixture fixture;
    fixture.answers["ask"].push_back({Fixture::Answer::Kind::done, {{"__ip__", hostile}}});
    const auto simulation = simulate(plan, fixture, nullptr);
    ASSERT_TRUE(simulation.has_value());
    EXPECT_EQ(simulation->result, RunState::failed) << hostile;
  }
  Fixture fixture;
  fixture.answers["ask"].push_back({Fixture::Answer::Kind::done, {{"__ip__", "192.0.2.77"}}});
  EXPECT_EQ(simulate(plan, fixture, nullptr)->result, RunState::completed);
  fixture.answers["ask"].front().outputs = {{"__other__", "x"}};
  EXPECT_EQ(simulate(plan, fixture, nullptr)->result, RunState::failed);
}

}  // namespace
}  // namespace tocsin::responders
