#include "rules/sigma/coverage.h"

#include <algorithm>
#include <array>
#include <set>

#include "rules/sigma/explain/describe.h"
#include "rules/sigma/match/route.h"
#include "rules/sigma/parse/filter.h"
#include "rules/sigma/parse/rule.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::array<std::string_view, 4> names_of{"can fire", "field missing", "source missing", "no view"};
constexpr std::size_t wishes_most = 3;

// Of one view.
struct Seen {
  std::uint64_t events = 0;
  std::vector<bool> fields;  // by number

  bool has(std::optional<Field> field) const {
    return field && static_cast<std::size_t>(*field) < fields.size() && fields[static_cast<std::size_t>(*field)];
  }
};

// Whether a part of a condition can hold with the fields there are, and what it lacks.
struct Need {
  bool met = true;
  std::set<std::string> missing;
};

class Judge {
 public:
  Judge(const View& view, const Seen& seen, const FieldNames& names) : view_(view), seen_(seen), names_(names) {}

  Need judge(const Expression& e) const {
    switch (e.kind) {
      case Expression::Kind::item: return judge(e.item);
      case Expression::Kind::negation: return {};
      case Expression::Kind::all: return all(e.children);
      case Expression::Kind::any: return any(e.children);
    }
    return {};
  }

 private:
  Need all(const std::vector<Expression>& children) const {
    Need out;
    for (const auto& child : children) {
      auto need = judge(child);
      out.met = out.met && need.met;
      out.missing.merge(need.missing);
    }
    return out;
  }

  // The part that lacks least.
  Need any(const std::vector<Expression>& children) const {
    std::optional<Need> best;
    for (const auto& child : children) {
      auto need = judge(child);
      if (need.met) return need;
      if (!best || need.missing.size() < best->missing.size()) best = std::move(need);
    }
    return best.value_or(Need{});
  }

  Need judge(const Item& item) const {
    const bool absence = std::ranges::any_of(item.terms, [](const Term& term) {
      return term.kind == Term::Kind::null || (term.kind == Term::Kind::exists && !term.boolean);
    });
    if (!item.field || item.negated || absence || is_there(*item.field)) return {};
    return {.met = false, .missing = {*item.field}};
  }

  bool is_there(const std::string& name) const {
    if (const auto mapped = view_.fields.find(name); mapped != view_.fields.end())
      return std::ranges::any_of(mapped->second,
                                 [&](const FieldSource& source) { return seen_.has(names_.find(source.field)); });
    return seen_.has(names_.find(name)) || std::ranges::any_of(view_.prefixes, [&](const std::string& prefix) {
             return seen_.has(names_.find(prefix + name));
           });
  }

  const View& view_;
  const Seen& seen_;
  const FieldNames& names_;
};

}  // namespace

std::string_view coverage_name(Coverage coverage) noexcept { return names_of[static_cast<std::size_t>(coverage)]; }

struct CoverageSurvey::State {
  explicit State(const FieldNames& n) : names(n) {}

  RuleCoverage judge(const DetectionRule& rule) const;

  const FieldNames& names;
  RuleBook book;
  std::vector<RuleRef> infos;
  std::vector<View> views;
  std::vector<const View*> places;
  std::vector<Seen> seen;  // by view
  std::optional<Router> router;
};

CoverageSurvey::CoverageSurvey(std::span<const RuleSource> rules, std::span<const RuleSource> views,
                               const SigmaOptions& options, const FieldNames& names, Diagnostics& diagnostics)
    : state_(std::make_unique<State>(names)) {
  auto& s = *state_;
  s.book = parse_rules(rules, options.placeholders, diagnostics);
  apply_filters(s.book, options.placeholders, options.now, diagnostics);
  for (const auto& rule : s.book.rules) s.infos.push_back(std::make_shared<const RuleInfo>(rule.heading.info));
  s.views = parse_views(views, diagnostics);
  for (const auto& view : s.views) s.places.push_back(&view);
  s.seen.resize(s.views.size());
  s.router.emplace(s.places, names);
}

CoverageSurvey::~CoverageSurvey() = default;

void CoverageSurvey::see(const Event& event) {
  auto& s = *state_;
  for (const auto view : s.router->route(event)) {
    auto& seen = s.seen[view];
    ++seen.events;
    for (const auto& f : event.fields()) {
      const auto number = static_cast<std::size_t>(f.field);
      if (number >= seen.fields.size()) seen.fields.resize(number + 1);
      seen.fields[number] = true;
    }
  }
}

RuleCoverage CoverageSurvey::State::judge(const DetectionRule& rule) const {
  RuleCoverage out{.rule = nullptr, .coverage = Coverage::no_view, .source = rule.source.render(), .missing = {}};
  std::vector<std::string> wishes;
  std::optional<Need> best;
  for (std::size_t v = 0; v < views.size(); ++v) {
    if (!views[v].serves(rule.source)) continue;
    if (seen[v].events == 0) {
      for (const auto& selector : views[v].events)
        if (wishes.size() < wishes_most) wishes.push_back(describe(selector));
      continue;
    }
    out.events += seen[v].events;
    auto need = Judge(views[v], seen[v], names).judge(rule.expression);
    if (!best || (need.met && !best->met) || need.missing.size() < best->missing.size()) best = std::move(need);
  }
  if (best) {
    out.coverage = best->met ? Coverage::can_fire : Coverage::field_missing;
    if (!best->met) out.missing.assign(best->missing.begin(), best->missing.end());
  } else if (!wishes.empty()) {
    out.coverage = Coverage::source_missing;
    out.missing = std::move(wishes);
  }
  return out;
}

std::vector<RuleCoverage> CoverageSurvey::report() const {
  std::vector<RuleCoverage> out;
  for (std::size_t i = 0; i < state_->book.rules.size(); ++i) {
    out.push_back(state_->judge(state_->book.rules[i]));
    out.back().rule = state_->infos[i];
  }
  return out;
}

}  // namespace tocsin::rules::sigma
