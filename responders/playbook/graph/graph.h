#pragma once
// A playbook drawn: its steps in reading order, branches indented under the step that owns them, and what leads where.
// Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "responders/playbook/plan.h"
#include "responders/playbook/run/trace.h"

namespace tocsin::responders {

struct GraphStep {
  StepIndex step = no_step;
  std::uint32_t depth = 0;  // how many branches it is inside of
};
struct GraphEdge {
  std::size_t from = 0;  // places in Graph::steps
  std::size_t to = 0;
  std::string label;  // "", "true", "false", "case x", "branch", "success", "failure"
};
struct Graph {
  std::vector<GraphStep> steps;  // in reading order; a step that no path leads to comes last
  std::vector<GraphEdge> edges;
};

Graph graph_of(const Plan& plan);

// For a terminal: one numbered line a step, control characters escaped.
std::string render_text(const Plan& plan, const Graph& graph);
// The same with what became of each step in a run, the last time it was there; steps of playbooks that it called are
// not in it. How often a step ran is said where it is more than once.
std::string render_text(const Plan& plan, const Graph& graph, const std::vector<StepTrace>& trace);
// One SVG document without scripts or references; every text of the playbook is escaped.
std::string render_svg(const Plan& plan, const Graph& graph);

}  // namespace tocsin::responders
