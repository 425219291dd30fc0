#include "responders/incident/incident.h"

#include <algorithm>
#include <set>

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 4> state_names{"new", "in_progress", "contained", "closed"};
constexpr std::array<std::string_view, 5> verdict_names{"true_positive", "false_positive", "indeterminate", "duplicate",
                                                        "other"};
constexpr std::array<std::string_view, 10> kind_names{"opened",   "alert", "state", "note",     "owner",
                                                      "severity", "merge", "split", "evidence", "playbook"};
// ATT&CK Enterprise; underscores of Sigma tags count as dashes.
constexpr std::array<std::string_view, 14> tactic_names{
    "reconnaissance",       "resource-development", "initial-access",    "execution", "persistence",
    "privilege-escalation", "defense-evasion",      "credential-access", "discovery", "lateral-movement",
    "collection",           "command-and-control",  "exfiltration",      "impact"};

template <class Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

std::optional<Duration> between(Time from, Time to) noexcept {
  if (from == Time{} || to == Time{}) return std::nullopt;
  return std::max(Duration{0}, to - from);  // clocks of sources may run ahead of ours
}

}  // namespace

std::string_view state_name(IncidentState state) noexcept { return state_names[static_cast<std::size_t>(state)]; }
std::optional<IncidentState> parse_state(std::string_view name) noexcept {
  return find_name<IncidentState>(state_names, name);
}
std::string_view verdict_name(Verdict verdict) noexcept { return verdict_names[static_cast<std::size_t>(verdict)]; }
std::optional<Verdict> parse_verdict(std::string_view name) noexcept { return find_name<Verdict>(verdict_names, name); }
std::string_view timeline_kind_name(TimelineKind kind) noexcept { return kind_names[static_cast<std::size_t>(kind)]; }
std::optional<TimelineKind> parse_timeline_kind(std::string_view name) noexcept {
  return find_name<TimelineKind>(kind_names, name);
}

IncidentAlert summarize(const rules::Alert& alert) {
  IncidentAlert out;
  out.id = alert.id;
  out.time = out.last = alert.time;
  out.count = alert.count;
  out.severity = alert.severity;
  out.host = alert.host;
  out.entities = alert.entities;
  out.facts = facts_of(alert);
  out.tlp = alert.tlp;
  if (alert.rule) {
    out.engine = alert.rule->engine;
    out.rule = alert.rule->id;
    out.title = alert.rule->title.empty() ? alert.rule->id : alert.rule->title;
    out.attack = alert.rule->attack;
  }
  return out;
}

Incident withhold(const Incident& incident) {
  Incident out;
  out.id = incident.id;
  out.alias = incident.alias;
  out.title = "withheld: " + rules::tlp_label(incident.tlp);
  out.severity = incident.severity;
  out.severity_pinned = incident.severity_pinned;
  out.tlp = incident.tlp;
  out.state = incident.state;
  out.verdict = incident.verdict;
  out.host = incident.host;
  out.organization = incident.organization;
  out.owner = incident.owner;
  out.exercise = incident.exercise;
  out.times = incident.times;
  out.merged_into = incident.merged_into;
  out.alert_count = incident.alert_count;
  out.revision = incident.revision;
  out.updated = incident.updated;
  return out;
}

std::vector<std::string> tactics_of(const std::vector<std::string>& attack) {
  std::set<std::string> tactics;
  std::set<std::string> techniques;
  for (const auto& tag : attack) {
    std::string name = tag.starts_with("attack.") ? tag.substr(7) : tag;
    std::ranges::replace(name, '_', '-');
    if (std::ranges::find(tactic_names, name) != tactic_names.end()) tactics.insert(name);
    else if (name.size() >= 5 && (name[0] == 'T' || name[0] == 't')) techniques.insert('T' + name.substr(1, 4));
  }
  auto& chosen = tactics.empty() ? techniques : tactics;
  return {chosen.begin(), chosen.end()};
}

std::uint8_t rate_severity(const std::vector<IncidentAlert>& alerts) noexcept {
  std::size_t highest = 0;
  std::set<std::string> tactics;
  std::set<rules::Engine> engines;
  for (const auto& alert : alerts) {
    highest = std::max<std::size_t>(highest, alert.severity);
    if (alert.engine == rules::Engine::self) continue;
    engines.insert(alert.engine);
    for (auto& tactic : tactics_of(alert.attack)) tactics.insert(std::move(tactic));
  }
  const auto beyond_first = [](std::size_t count) { return count > 1 ? count - 1 : 0; };
  const std::size_t raised = highest + std::min<std::size_t>(15, 5 * beyond_first(tactics.size())) +
                             std::min<std::size_t>(10, 5 * beyond_first(engines.size()));
  return static_cast<std::uint8_t>(std::min<std::size_t>(100, raised));
}

IncidentMetrics measure(const Incident& incident) noexcept {
  const auto& t = incident.times;
  return {between(t.first_event, t.opened), between(t.opened, t.in_progress),    between(t.first_event, t.in_progress),
          between(t.opened, t.closed),      between(t.first_event, t.contained), between(t.in_progress, t.ended)};
}

}  // namespace tocsin::responders
