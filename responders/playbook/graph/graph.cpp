#include "responders/playbook/graph/graph.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "collectors/base/utf8.h"

namespace tocsin::responders {
namespace {

struct Way {
  StepIndex to = no_step;
  std::string label;
  std::uint32_t deeper = 0;
};

// Branches first, then what happens on failure, then how it goes on: the order people read in.
std::vector<Way> ways_of(const PlannedStep& step) {
  std::vector<Way> out;
  const auto add = [&](StepIndex to, std::string label, std::uint32_t deeper) {
    if (to != no_step) out.push_back({to, std::move(label), deeper});
  };
  add(step.on_true, "true", 1);
  add(step.on_false, "false", 1);
  for (const auto& [value, branch] : step.cases) add(branch, "case " + value, 1);
  for (std::size_t i = 0; i < step.branches.size(); ++i) add(step.branches[i], fmt::format("branch {}", i + 1), 1);
  add(step.on_failure, "failure", 1);
  add(step.on_success, step.on_failure != no_step ? "success" : "", 0);
  add(step.on_completion, "", 0);
  return out;
}

struct Visit {
  StepIndex step;
  std::uint32_t depth;
};

// Depth first without recursion: a playbook may be as long as it likes.
void walk(const Plan& plan, StepIndex first, std::vector<std::optional<std::size_t>>& place, Graph& graph) {
  std::vector<Visit> stack{{first, 0}};
  while (!stack.empty()) {
    const Visit visit = stack.back();
    stack.pop_back();
    if (place[visit.step]) continue;
    place[visit.step] = graph.steps.size();
    graph.steps.push_back({visit.step, visit.depth});
    const auto ways = ways_of(plan.step(visit.step));
    for (auto way = ways.rbegin(); way != ways.rend(); ++way)
      if (!place[way->to]) stack.push_back({way->to, visit.depth + way->deeper});
  }
}

std::string detail_of(const PlannedStep& step) {
  std::string out;
  for (const PlannedCommand& command : step.commands)
    out += fmt::format("{}{}", out.empty() ? "" : ", ",
                       command.action != nullptr ? std::string(command.action->name) : command.type);
  if (!step.condition_text.empty()) out = step.condition_text;
  if (!step.playbook_id.empty()) out = step.playbook_id;
  return out;
}

std::string xml(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t count = 0;
  const std::string plain = escape_terminal(text);
  for (std::size_t i = 0; i < plain.size();) {
    const std::size_t length = step_of(std::string_view(plain).substr(i));
    if (++count > most) return out + "…";
    const char c = plain[i];
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else if (c == '\'') out += "&#39;";
    else out += plain.substr(i, length);
    i += length;
  }
  return out;
}

constexpr int box_width = 300, box_height = 44, row_height = 68, column_width = 48, margin = 24;

int left_of(const GraphStep& step) { return margin + static_cast<int>(std::min(step.depth, 40U)) * column_width; }
int top_of(std::size_t place) { return margin + static_cast<int>(place) * row_height; }

std::string_view fill_of(StepType type) {
  switch (type) {
    case StepType::start:
    case StepType::end: return "#e8eef4";
    case StepType::action: return "#e6f4ea";
    case StepType::playbook_action: return "#e4e7fb";
    case StepType::parallel: return "#f3e8fd";
    default: return "#fef3dc";
  }
}

// Down the left edge to what follows or hangs below; anything else goes around on the right, in a lane of its own.
void draw_edge(std::string& out, const Graph& graph, const GraphEdge& edge, int lanes_from, int& lane) {
  const GraphStep& from = graph.steps[edge.from];
  const GraphStep& to = graph.steps[edge.to];
  const int bottom = top_of(edge.from) + box_height;
  const int middle = top_of(edge.to) + box_height / 2;
  const bool below = edge.to > edge.from;
  int label_x = 0;
  int label_y = 0;
  if (below && to.depth == from.depth && edge.label != "failure") {
    const int x = left_of(from) + 10;
    out += fmt::format("<path d=\"M{} {}V{}\"/>\n", x, bottom, top_of(edge.to));
    label_x = x + 4, label_y = bottom + 14;
  } else if (below && to.depth == from.depth + 1) {
    const int x = left_of(from) + 28;
    out += fmt::format("<path d=\"M{} {}V{}H{}\"/>\n", x, bottom, middle, left_of(to));
    label_x = left_of(to) + 4, label_y = top_of(edge.to) - 6;
  } else {
    const int x = lanes_from + 12 * lane++;
    out += fmt::format("<path d=\"M{} {}H{}V{}H{}\"/>\n", left_of(from) + box_width, bottom - box_height / 2, x, middle,
                       left_of(to) + box_width);
    label_x = left_of(from) + box_width + 6, label_y = bottom - box_height / 2 - 5;
  }
  if (!edge.label.empty())
    out += fmt::format("<text class=\"edge\" x=\"{}\" y=\"{}\">{}</text>\n", label_x, label_y, xml(edge.label, 28));
}

}  // namespace

Graph graph_of(const Plan& plan) {
  Graph graph;
  std::vector<std::optional<std::size_t>> place(plan.steps().size());
  walk(plan, plan.start(), place, graph);
  if (plan.exception() != no_step) walk(plan, plan.exception(), place, graph);
  for (StepIndex i = 0; i < plan.steps().size(); ++i) walk(plan, i, place, graph);
  for (std::size_t i = 0; i < graph.steps.size(); ++i)
    for (Way& way : ways_of(plan.step(graph.steps[i].step)))
      graph.edges.push_back({i, *place[way.to], std::move(way.label)});
  return graph;
}

namespace {

struct Mark {
  const StepTrace* last = nullptr;
  std::size_t times = 0;
};

std::string mark_of(const Mark& mark) {
  if (mark.last == nullptr) return fmt::format("{:12}", "");
  const std::string times = mark.times > 1 ? fmt::format(" x{}", mark.times) : "";
  return fmt::format("{:12}", fmt::format("{}{}", step_status_name(mark.last->status), times));
}

// What a person wants to know of a step that is not simply done: its note, or the command that waits or failed.
std::string said_of(const Mark& mark) {
  if (mark.last == nullptr || mark.last->status == StepStatus::done) return {};
  std::string text = mark.last->note;
  for (const CommandTrace& command : mark.last->commands)
    if (command.status == StepStatus::waiting && !command.text.empty()) text = command.text;
  constexpr std::size_t shown = 160;
  return text.empty() ? "" : fmt::format("\n{:18}{}", "", escape_terminal(text.substr(0, shown)));
}

std::string draw_text(const Plan& plan, const Graph& graph, const std::vector<StepTrace>* trace) {
  std::map<std::string_view, Mark> marks;
  if (trace != nullptr)
    for (const StepTrace& step : *trace) {
      Mark& mark = marks[step.id];
      mark.last = &step;
      ++mark.times;
    }
  std::string out = escape_terminal(plan.name()) + "\n";
  std::vector<std::string> ways(graph.steps.size());
  for (const GraphEdge& edge : graph.edges) {
    std::string& line = ways[edge.from];
    line +=
        fmt::format("{}{}{}", line.empty() ? " -> " : ", ", edge.label.empty() ? "" : edge.label + " ", edge.to + 1);
  }
  for (std::size_t i = 0; i < graph.steps.size(); ++i) {
    const PlannedStep& step = plan.step(graph.steps[i].step);
    const std::string detail = detail_of(step);
    const bool named = step.label != step.id;
    const Mark mark = marks[step.id];
    out += fmt::format("{:4}  {}{}{}{}{}{}{}{}\n", i + 1, trace != nullptr ? mark_of(mark) : "",
                       std::string(2 * std::min<std::size_t>(graph.steps[i].depth, 40), ' '), step_type_name(step.type),
                       named ? " \"" + escape_terminal(step.label) + "\"" : "",
                       detail.empty() ? "" : " [" + escape_terminal(detail) + "]", escape_terminal(ways[i]),
                       graph.steps[i].step == plan.exception() ? " (on any failure that nothing else takes)" : "",
                       said_of(mark));
  }
  return out;
}

}  // namespace

std::string render_text(const Plan& plan, const Graph& graph) { return draw_text(plan, graph, nullptr); }
std::string render_text(const Plan& plan, const Graph& graph, const std::vector<StepTrace>& trace) {
  return draw_text(plan, graph, &trace);
}

std::string render_svg(const Plan& plan, const Graph& graph) {
  int right = 0;
  for (const GraphStep& step : graph.steps) right = std::max(right, left_of(step) + box_width);
  std::string lines;
  int lane = 0;
  for (const GraphEdge& edge : graph.edges) draw_edge(lines, graph, edge, right + 40, lane);
  const int width = right + 40 + 12 * lane + margin;
  const int height = top_of(graph.steps.size());
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\">\n<title>{2}</title>\n"
      "<style>text{{font:13px sans-serif;fill:#1c2733}}.kind,.edge{{font-size:11px;fill:#5b6b7a}}"
      "path{{fill:none;stroke:#7d8b99;stroke-width:1.4;marker-end:url(#arrow)}}rect{{stroke:#9aa7b4}}</style>\n"
      "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
      "orient=\"auto\"><polygon points=\"0,0 8,4 0,8\" fill=\"#7d8b99\"/></marker></defs>\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\" stroke=\"none\"/>\n",
      width, height, xml(plan.name(), 200));
  out += lines;
  for (std::size_t i = 0; i < graph.steps.size(); ++i) {
    const PlannedStep& step = plan.step(graph.steps[i].step);
    const std::string detail = detail_of(step);
    out += fmt::format(
        "<rect x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\" rx=\"6\" fill=\"{4}\"/>\n"
        "<text x=\"{5}\" y=\"{6}\">{7}</text>\n<text class=\"kind\" x=\"{5}\" y=\"{8}\">{9}{10}</text>\n",
        left_of(graph.steps[i]), top_of(i), box_width, box_height, fill_of(step.type), left_of(graph.steps[i]) + 10,
        top_of(i) + 18, xml(step.label, 38), top_of(i) + 35, step_type_name(step.type),
        detail.empty() ? "" : ": " + xml(detail, 36));
  }
  return out + "</svg>\n";
}

}  // namespace tocsin::responders
