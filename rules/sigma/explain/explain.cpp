#include "rules/sigma/explain.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "rules/sigma/compile/plan.h"
#include "rules/sigma/explain/describe.h"
#include "rules/sigma/match/matcher.h"
#include "rules/sigma/match/route.h"
#include "rules/sigma/parse/filter.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::size_t leaves_most = 4096;
constexpr std::size_t tests_shown = 3;

// By id or the start of one, name or title.
bool is_called(const Heading& heading, std::string_view name) {
  constexpr std::size_t start_least = 4;
  return (name.size() >= start_least && heading.info.id.starts_with(name)) || heading.name == name ||
         heading.info.title == name;
}

// Those that are about one field of one selection are one line for people.
bool belong_together(const LeafVerdict& a, const LeafVerdict& b) {
  return a.selection == b.selection && a.field == b.field && a.holds == b.holds && a.negated == b.negated;
}

}  // namespace

struct Explainer::State {
  explicit State(const FieldNames& n) : names(n) {}

  std::vector<DecidingLeaf> leaves(const ViewProgram& program, const Matcher& matcher) const;
  DecidingLeaf route_leaf(const View& view, const Event& event, bool routed) const;

  const FieldNames& names;
  std::shared_ptr<const Plan> plan;
  std::vector<std::unique_ptr<Matcher>> matchers;
  std::optional<Router> router;
};

Explainer::Explainer() = default;
Explainer::~Explainer() = default;
Explainer::Explainer(Explainer&&) noexcept = default;
Explainer& Explainer::operator=(Explainer&&) noexcept = default;

Result<Explainer> Explainer::open(std::span<const RuleSource> rules, std::span<const RuleSource> views,
                                  const SigmaOptions& options, std::string_view rule, const FieldNames& names,
                                  Diagnostics& diagnostics) {
  Diagnostics own;
  auto book = parse_rules(rules, options.placeholders, own);
  apply_filters(book, options.placeholders, options.now, own);
  const bool refused = std::ranges::any_of(own.all(), [&](const Diagnostic& d) {
    return d.severity == Severity::error && (rule.empty() || d.item == rule);
  });
  const auto counting = std::ranges::find_if(
      book.correlations, [&](const auto& c) { return rule.empty() ? book.rules.empty() : is_called(c.heading, rule); });
  RuleBook one;
  for (auto& candidate : book.rules)
    if (rule.empty() || is_called(candidate.heading, rule)) one.rules.push_back(std::move(candidate));
  diagnostics.append(std::move(own));
  if (counting != book.correlations.end() && !one.rules.empty())
    return fail(Code::usage, fmt::format("a rule and a correlation are called {}; write more of the id", rule));
  if (counting != book.correlations.end())
    return fail(Code::invalid, fmt::format("\"{}\" is a correlation; explain one of the rules that it counts",
                                           counting->heading.info.title));
  if (one.rules.empty() && refused)
    return fail(Code::invalid, fmt::format("the rule {} cannot be used; tocsin rule check says why", rule));
  if (one.rules.empty())
    return fail(Code::not_found, fmt::format("there is no Sigma rule {}; give its id, name or title, and --rules where "
                                             "it is",
                                             rule));
  if (rule.empty() && one.rules.size() > 1)
    return fail(Code::usage, "the file holds several rules; name one of them by its id and the file with --rules");
  if (one.rules.size() > 1)
    return fail(Code::usage, fmt::format("{} rules are called {}; write more of the id", one.rules.size(), rule));
  one.rules.resize(1);
  auto parsed_views = parse_views(views, diagnostics);
  if (std::ranges::none_of(parsed_views, [&](const View& v) { return v.serves(one.rules[0].source); }))
    parsed_views.push_back(open_view());
  Explainer out;
  out.state_ = std::make_unique<State>(names);
  auto& s = *out.state_;
  auto own_options = options;
  own_options.matching = Matching::plain;  // one rule: compiling patterns would cost more than it saves
  s.plan = make_plan(one, std::move(parsed_views), own_options, diagnostics);
  for (const auto& program : s.plan->programs)
    s.matchers.push_back(std::make_unique<Matcher>(*program.program, *program.binding, names));
  s.router.emplace(s.plan->program_views, names);
  return out;
}

const RuleInfo& Explainer::rule() const noexcept { return *state_->plan->rules.front(); }

std::vector<DecidingLeaf> Explainer::State::leaves(const ViewProgram& program, const Matcher& matcher) const {
  std::vector<DecidingLeaf> out;
  const auto verdicts = matcher.decide(0, leaves_most);
  for (std::size_t i = 0; i < verdicts.size();) {
    const auto& first = verdicts[i];
    std::size_t end = i;
    DecidingLeaf leaf{.holds = first.holds,
                      .negated = first.negated,
                      .selection = std::string(first.selection),
                      .field = std::string(first.field),
                      .where = std::string(first.where),
                      .test = {},
                      .value = std::string(first.value)};
    for (; end < verdicts.size() && belong_together(first, verdicts[end]); ++end) {
      if (end - i >= tests_shown) continue;
      const auto& other = program.program->slots[verdicts[end].predicate->other];
      leaf.test += (leaf.test.empty() ? "" : ", ") + describe(*verdicts[end].predicate, other);
    }
    if (end - i > tests_shown) leaf.test += fmt::format(" and {} more", end - i - tests_shown);
    out.push_back(std::move(leaf));
    i = end;
  }
  return out;
}

DecidingLeaf Explainer::State::route_leaf(const View& view, const Event& event, bool routed) const {
  std::vector<std::string> wishes;
  for (const auto& selector : view.events)
    if (wishes.size() < tests_shown) wishes.push_back(describe(selector));
  std::string test;
  for (const auto& one : wishes) test += (test.empty() ? "" : "; or ") + one;
  std::string value =
      fmt::format("class {}, dataset {}", event_class_name(event.header().event_class), event.header().dataset);
  for (const auto& selector : view.events)
    for (const auto& [name, texts] : selector.fields) {
      const auto field = names.find(name);
      const auto* has = field ? event.find(*field) : nullptr;
      const auto text = ", " + name + " " + (has == nullptr ? "absent" : render_text(*has));
      if (value.find(text) == std::string::npos) value += text;
    }
  return {.holds = routed,
          .negated = false,
          .selection = "logsource",
          .field = {},
          .where = {},
          .test = std::move(test),
          .value = std::move(value)};
}

Explanation Explainer::explain(const Event& event) {
  auto& s = *state_;
  const auto& routed = s.router->route(event);
  Explanation out;
  out.routed = !routed.empty();
  // The view under which it matches, if there is one.
  std::size_t chosen = routed.empty() ? 0 : routed.front();
  for (const auto view : routed)
    if (!s.matchers[view]->match(event).empty()) {
      chosen = view;
      out.match = true;
      break;
    }
  const auto& program = s.plan->programs[chosen];
  s.matchers[chosen]->match(event);
  out.view = program.view->name;
  if (!out.routed) out.leaves.push_back(s.route_leaf(*program.view, event, false));
  for (auto& leaf : s.leaves(program, *s.matchers[chosen])) out.leaves.push_back(std::move(leaf));
  return out;
}

}  // namespace tocsin::rules::sigma
