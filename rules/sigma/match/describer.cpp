#include "rules/sigma/match/describer.h"

namespace tocsin::rules::sigma {

Alert describe_match(const Plan& plan, std::uint32_t rule, const Matcher& matcher, std::uint32_t number,
                     const Event& event, const FieldNames& names, Exercise exercise) {
  Alert alert;
  alert.rule = plan.rules[rule];
  alert.severity = alert.rule->severity;
  alert.confidence = alert.rule->confidence;
  alert.why = matcher.explain(number);
  describe(alert, event, names);
  if (exercise == Exercise::yes) alert.exercise = Exercise::yes;
  alert.order = rule;
  seal(alert);
  return alert;
}

MatchDescriber::MatchDescriber(std::shared_ptr<const Plan> plan, const FieldNames& names, Exercise exercise)
    : plan_(std::move(plan)), names_(names), exercise_(exercise), matchers_(plan_->programs.size()) {}

Alert MatchDescriber::describe(const Carried& carried) {
  const std::lock_guard lock(mutex_);
  auto& matcher = matchers_[carried.program];
  if (matcher == nullptr) {
    const auto& program = plan_->programs[carried.program];
    matcher = std::make_unique<Matcher>(*program.program, *program.binding, names_);
  }
  const auto& event = carried.event->event();
  matcher->match(event);
  return describe_match(*plan_, carried.rule, *matcher, carried.number, event, names_, exercise_);
}

}  // namespace tocsin::rules::sigma
