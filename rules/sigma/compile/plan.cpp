#include "rules/sigma/compile/plan.h"

#include <fmt/format.h>

#include "rules/sigma/lint/lint.h"

namespace tocsin::rules::sigma {
namespace {

void note_unserved(const DetectionRule& rule, Diagnostics& diagnostics) {
  report(diagnostics, rule.heading.info.file, rule.heading.info.id,
         {"G0610", rule.heading.place,
          fmt::format("No view serves the log source ({}): the rule is loaded but cannot fire.", rule.source.render()),
          "Add a view for it."},
         Severity::note);
}

void take_lint(const DetectionRule& rule, const std::vector<const View*>& serving, Plan& plan) {
  const auto take = [&](LintFinding found) {
    found.rule = plan.rules.back();
    plan.lint.push_back(std::move(found));
  };
  for (const auto& found : rule.lint) take(found);
  for (auto& found : lint_fields(rule, serving)) take(std::move(found));
}

std::vector<Feed> feeds_of(const std::vector<Membership>& memberships, const Program& program) {
  std::vector<Feed> out;
  for (const auto& membership : memberships) {
    Feed feed{membership.correlation, membership.member, {}, {}};
    for (const auto& name : membership.keys) feed.keys.push_back(program.slot_of.at(name));
    for (const auto& name : membership.values) feed.values.push_back(program.slot_of.at(name));
    out.push_back(std::move(feed));
  }
  return out;
}

}  // namespace

std::shared_ptr<const Plan> make_plan(const RuleBook& book, std::vector<View> views, const SigmaOptions& options,
                                      Diagnostics& diagnostics) {
  auto plan = std::make_shared<Plan>();
  plan->views = std::move(views);
  plan->network = resolve_correlations(book, diagnostics);
  std::vector<std::vector<std::uint32_t>> by_view(plan->views.size());
  for (std::uint32_t i = 0; i < book.rules.size(); ++i) {
    const auto& rule = book.rules[i];
    plan->rules.push_back(std::make_shared<const RuleInfo>(rule.heading.info));
    plan->identities.push_back(hash128(rule.heading.info.id + '\n' + rule.heading.info.revision));
    std::vector<const View*> serving;
    for (std::size_t v = 0; v < plan->views.size(); ++v) {
      if (!plan->views[v].serves(rule.source)) continue;
      by_view[v].push_back(i);
      serving.push_back(&plan->views[v]);
    }
    if (serving.empty()) note_unserved(rule, diagnostics);
    take_lint(rule, serving, *plan);
  }
  const PatternOptions patterns{options.matching == Matching::plain ? Acceleration::off : Acceleration::automatic,
                                options.cache};
  for (std::size_t v = 0; v < plan->views.size(); ++v) {
    if (by_view[v].empty()) continue;
    std::vector<const Expression*> expressions;
    std::vector<std::string> extra;
    for (const auto i : by_view[v]) {
      expressions.push_back(&book.rules[i].expression);
      for (const auto& membership : plan->network.of_rules[i]) {
        extra.insert(extra.end(), membership.keys.begin(), membership.keys.end());
        extra.insert(extra.end(), membership.values.begin(), membership.values.end());
      }
    }
    ViewProgram program;
    program.view = &plan->views[v];
    program.program = compile_program(expressions, extra, patterns);
    program.binding = std::make_unique<const Binding>(*program.program, program.view);
    for (const auto i : by_view[v]) program.feeds.push_back(feeds_of(plan->network.of_rules[i], *program.program));
    program.rules = std::move(by_view[v]);
    plan->program_views.push_back(program.view);
    plan->programs.push_back(std::move(program));
  }
  plan->rules.insert(plan->rules.end(), plan->network.rules.begin(), plan->network.rules.end());
  plan->counters = std::make_unique<RuleCounters[]>(plan->rules.size());
  return plan;
}

View open_view() {
  View view;
  view.name = "open";
  view.open = true;
  view.events.emplace_back();
  return view;
}

}  // namespace tocsin::rules::sigma
