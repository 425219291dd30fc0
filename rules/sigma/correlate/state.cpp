#include "rules/sigma/correlate/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "collectors/base/text.h"
#include "rules/sigma/correlate/key.h"

namespace tocsin::rules::sigma {
namespace {

// Cycles are refused when rules are loaded; this only bounds long chains.
constexpr std::size_t most_depth = 32;
constexpr std::size_t most_reasons = 32;

std::string describe_condition(const Correlation& correlation, double value) {
  std::string out(correlation_type_name(correlation.type));
  if (!correlation.fields.empty()) out += fmt::format("({})", fmt::join(correlation.fields, ", "));
  if (correlation.extended) return out;
  out += fmt::format(" = {}", value);
  for (const auto& t : correlation.thresholds) out += fmt::format(", {} {}", relation_sign(t.relation), t.value);
  return out + fmt::format(" within {}", render_duration(correlation.timespan));
}

// A group value says what it is by its shape and the name of its field.
void add_key_entity(Alert& alert, std::string_view field, const std::string& value) {
  const auto name = lower_ascii(field);
  if (parse_address(value)) {
    const bool target = name.find("dest") != std::string::npos || name.find("dst") != std::string::npos;
    alert.add_entity(EntityKind::address, target ? EntityRole::target : EntityRole::actor, value);
  } else if (name.find("user") != std::string::npos) {
    alert.add_entity(EntityKind::user, EntityRole::related, value);
  } else if (name == "host" || name == "hostname" || name == "host.name" || name == "computer") {
    alert.add_entity(EntityKind::host, EntityRole::target, value);
  }
}

// The value of `name` among the group values of a correlation; nothing when it has no such field.
const std::string* group_value(const Correlation& correlation, const Firing& firing, const std::string& name) {
  const auto at = std::ranges::find(correlation.group_by, name);
  if (at == correlation.group_by.end()) return nullptr;
  return &firing.key[static_cast<std::size_t>(at - correlation.group_by.begin())];
}

}  // namespace

class SigmaState::Base {
 public:
  explicit Base(const Alert& alert) : alert_(&alert), host_(alert.host), exercise_(alert.exercise) {}
  explicit Base(const Carried& carried)
      : carried_(&carried),
        host_(carried.event->event().header().host),
        exercise_(carried.event->event().header().exercise) {}

  std::string_view host() const noexcept { return host_; }
  Exercise exercise() const noexcept { return exercise_; }
  const Alert& alert() {
    if (alert_ == nullptr) alert_ = &described_.emplace(carried_->describer->describe(*carried_));
    return *alert_;
  }

 private:
  const Alert* alert_ = nullptr;
  const Carried* carried_ = nullptr;
  std::string_view host_;
  Exercise exercise_;
  std::optional<Alert> described_;
};

SigmaState::SigmaState(const CorrelationNetwork& network, const CorrelationLimits& limits,
                       std::shared_ptr<const void> keep_alive, std::shared_ptr<const Tuning> tuning)
    : keep_alive_(std::move(keep_alive)),
      network_(network),
      correlator_(network, limits),
      tuning_(tuning != nullptr && !tuning->empty() ? std::move(tuning) : nullptr) {}

// What an exception takes is no hit of the rule: it neither alerts nor counts above it. A silent rule's alert is made
// here only where there is an exception from that rule.
bool SigmaState::is_excepted(Base& base, const RuleRef& rule) {
  if (tuning_ == nullptr) return false;
  auto known = tuned_.find(rule->id);
  if (known == tuned_.end()) known = tuned_.emplace(rule->id, tuning_->has_exceptions(rule->id)).first;
  return known->second && tuning_->excepts(base.alert());
}

void SigmaState::decide(Alert alert, AlertSink& out) {
  advance(alert.time, out);
  const auto carried = std::static_pointer_cast<const Carried>(std::exchange(alert.carried, nullptr));
  if (!carried || carried->contributions.empty()) return out.raise(std::move(alert));
  if (!counted_.insert(carried->identity)) return;
  auto base = carried->silent ? Base(*carried) : Base(alert);
  if (is_excepted(base, alert.rule)) return;
  if (!carried->silent) out.raise(Alert(alert));
  const auto event =
      carried->silent ? carried->event->event().header().id : (alert.events.empty() ? EventId{} : alert.events.back());
  for (const auto& contribution : carried->contributions) feed(contribution, alert.time, event, &base, out, 0);
}

void SigmaState::advance(Time now, AlertSink& out) {
  correlator_.advance(now, [&](const Firing& firing) { fired(firing, nullptr, out, 0); });
}

void SigmaState::feed(const Contribution& contribution, Time time, const EventId& event, Base* base, AlertSink& out,
                      std::size_t depth) {
  const Occurrence occurrence{time, event, contribution.value, contribution.number, contribution.member};
  correlator_.feed(contribution.correlation, contribution.key, occurrence, base->host(), base->exercise(),
                   [&](const Firing& firing) { fired(firing, base, out, depth); });
}

void SigmaState::fired(const Firing& firing, Base* base, AlertSink& out, std::size_t depth) {
  if (watcher_) watcher_(firing);
  Alert alert = make_alert(firing, base);
  const Alert kept = alert;
  if (!network_.silent_correlations[firing.correlation]) out.raise(std::move(alert));
  if (depth < most_depth) feed_chained(firing, kept, out, depth);
}

// A correlation that fired is an event for those above it: it carries its group values.
void SigmaState::feed_chained(const Firing& firing, const Alert& alert, AlertSink& out, std::size_t depth) {
  const auto& correlation = network_.correlations[firing.correlation];
  for (const auto& membership : network_.of_correlations[firing.correlation]) {
    Contribution contribution{membership.correlation, membership.member, {}, {}, 0};
    bool whole = true;
    std::vector<std::string_view> values;
    for (const auto& name : membership.keys)
      if (const auto* value = group_value(correlation, firing, name)) append_to_key(contribution.key, *value);
      else whole = false;
    for (const auto& name : membership.values)
      if (const auto* value = group_value(correlation, firing, name)) values.emplace_back(*value);
    if (!whole || !set_value(contribution, network_.correlations[membership.correlation], values)) continue;
    Base base(alert);
    feed(contribution, firing.time, alert.events.empty() ? EventId{} : alert.events.back(), &base, out, depth + 1);
  }
}

Alert SigmaState::make_alert(const Firing& firing, Base* base) const {
  const auto& correlation = network_.correlations[firing.correlation];
  Alert alert;
  if (base != nullptr) alert = base->alert();
  alert.carried.reset();
  if (base == nullptr) {
    alert.host = firing.origin.host;
    alert.exercise = firing.origin.exercise;
    alert.add_entity(EntityKind::host, EntityRole::target, alert.host);
  }
  alert.rule = network_.rules[firing.correlation];
  alert.time = firing.time;
  alert.severity = alert.rule->severity;
  alert.confidence = alert.rule->confidence;
  auto base_reasons = std::move(alert.why);
  alert.why.clear();
  alert.why.push_back({describe_condition(correlation, firing.value), "correlation", {}, -1, 0});
  for (std::size_t i = 0; i < firing.key.size(); ++i) {
    alert.why.push_back({"group-by", correlation.group_by[i], firing.key[i].substr(0, 256), -1, 0});
    add_key_entity(alert, correlation.group_by[i], firing.key[i]);
  }
  for (auto& reason : base_reasons)
    if (alert.why.size() < most_reasons) alert.why.push_back(std::move(reason));
  if (!firing.events.empty()) alert.events = firing.events;
  if (alert.events.empty()) {
    // Silence has no event of its own: the group and the moment stand for it.
    std::string identity = render_time(firing.time);
    for (const auto& value : firing.key) identity += '\n' + value;
    alert.events.push_back(hash128(identity));
  }
  alert.order += std::uint64_t{1} << 32;  // after the rules that fed it
  seal(alert);
  return alert;
}

}  // namespace tocsin::rules::sigma
