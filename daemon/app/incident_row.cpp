#include "daemon/app/incident_row.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/counted.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using responders::Incident;
using responders::IncidentAlert;
using responders::TimelineKind;

std::string_view shown_kind(TimelineKind kind) {
  switch (kind) {
    case TimelineKind::alert: return "alert";
    case TimelineKind::note: return "note";
    case TimelineKind::evidence: return "evidence";
    case TimelineKind::playbook: return "action";
    default: return "change";
  }
}

json::value reasons_of(const IncidentAlert& alert, const AlertLookup& alerts) {
  json::error_code error;
  const auto stored = json::parse(alerts(alert.id), error);
  if (error || !stored.is_object()) return json::array{};
  const auto* why = stored.get_object().if_contains("why");
  return why == nullptr ? json::value(json::array{}) : *why;
}

struct Entry {
  Time time;
  std::size_t order;
  json::object row;
};

json::object alert_entry(const IncidentAlert& alert, const AlertLookup& alerts) {
  json::object row;
  row["time"] = render_time(alert.time);
  row["kind"] = "alert";
  row["title"] = alert.title;
  row["severity"] = alert.severity;
  row["engine"] = rules::engine_name(alert.engine);
  row["count"] = alert.count;
  row["rule"] = alert.rule;
  row["id"] = render_digest(alert.id);
  row["why"] = reasons_of(alert, alerts);
  return row;
}

json::array timeline_of(const Incident& incident, const AlertLookup& alerts) {
  std::vector<Entry> entries;
  entries.reserve(incident.alerts.size() + incident.timeline.size());
  for (const auto& alert : incident.alerts) entries.push_back({alert.time, entries.size(), alert_entry(alert, alerts)});
  for (const auto& entry : incident.timeline) {
    if (entry.kind == TimelineKind::alert) continue;
    json::object row;
    row["time"] = render_time(entry.time);
    row["kind"] = shown_kind(entry.kind);
    row["title"] = entry.text;
    row["actor"] = entry.actor.name;
    entries.push_back({entry.time, entries.size(), std::move(row)});
  }
  std::ranges::sort(
      entries, [](const Entry& a, const Entry& b) { return std::tie(a.time, a.order) < std::tie(b.time, b.order); });
  json::array out;
  for (auto& entry : entries) out.push_back(std::move(entry.row));
  return out;
}

json::array entities_of(const Incident& incident) {
  std::map<rules::Entity, std::uint64_t> counts;
  for (const auto& entity : incident.entities) counts[entity] = 0;
  for (const auto& alert : incident.alerts)
    for (const auto& entity : alert.entities)
      if (auto found = counts.find(entity); found != counts.end()) found->second += alert.count;
  json::array out;
  for (const auto& [entity, count] : counts) {
    json::object row;
    row["kind"] = rules::entity_kind_name(entity.kind);
    row["role"] = rules::entity_role_name(entity.role);
    row["value"] = entity.value;
    row["count"] = count;
    out.push_back(std::move(row));
  }
  return out;
}

json::array attack_of(const Incident& incident) {
  std::set<std::string> tags;
  for (const auto& alert : incident.alerts) tags.insert(alert.attack.begin(), alert.attack.end());
  json::array out;
  for (const auto& tag : tags) out.emplace_back(tag);
  return out;
}

json::array next_of(const Incident& incident) {
  json::array out;
  const auto suggest = [&](const char* verb, const char* rest) {
    out.emplace_back(fmt::format("tocsin incident {} {} {}", verb, incident.alias, rest));
  };
  switch (incident.state) {
    case responders::IncidentState::new_: suggest("take", "--reason \"on shift\""); break;
    case responders::IncidentState::in_progress: suggest("contain", "--reason \"…\""); break;
    case responders::IncidentState::contained: suggest("close", "--verdict true_positive --reason \"…\""); break;
    case responders::IncidentState::closed: suggest("reopen", "--reason \"…\""); break;
  }
  if (incident.handover) suggest("accept", "--reason \"…\"");
  if (incident.open()) out.emplace_back(fmt::format("tocsin playbook rehearse --incident {}", incident.alias));
  out.emplace_back(fmt::format("tocsin report make incident --incident {}", incident.alias));
  return out;
}

std::string summary_of(const Incident& incident) {
  std::set<std::string_view> engines;
  for (const auto& alert : incident.alerts) engines.insert(rules::engine_name(alert.engine));
  std::string names;
  for (const auto engine : engines) names += (names.empty() ? "" : ", ") + std::string(engine);
  return fmt::format("{} of alert, seen by {}", counted(incident.alerts.size(), "kind"), names);
}

}  // namespace

std::string render_incident_row(const Incident& incident, const AlertLookup& alerts,
                                const std::vector<std::string>& playbooks) {
  json::object row;
  row["id"] = render_uuid(incident.id.uuid);
  row["alias"] = incident.alias;
  row["title"] = incident.title;
  row["severity"] = incident.severity;
  row["state"] = responders::state_name(incident.state);
  row["verdict"] = incident.verdict ? responders::verdict_name(*incident.verdict) : std::string_view{};
  row["host"] = incident.host;
  row["owner"] = incident.owner;
  if (incident.handover) {
    row["offered_to"] = incident.handover->to;
    row["answer_by"] = render_time(incident.handover->answer_by);
  }
  row["first"] = render_time(incident.times.first_event);
  row["last"] = render_time(incident.times.last_event);
  row["exercise"] = incident.exercise == Exercise::yes;
  row["alert_count"] = incident.alert_count;
  row["summary"] = summary_of(incident);
  row["entities"] = entities_of(incident);
  row["attack"] = attack_of(incident);
  row["timeline"] = timeline_of(incident, alerts);
  json::array runs;
  for (const auto& text : playbooks) {
    json::error_code error;
    auto value = json::parse(text, error);
    if (!error) runs.push_back(std::move(value));
  }
  row["playbooks"] = std::move(runs);
  json::array evidence;
  for (const auto& item : incident.evidence) {
    json::object one;
    one["name"] = item.name;
    one["bytes"] = item.size;
    one["sha256"] = render_digest(item.digest);
    evidence.push_back(std::move(one));
  }
  row["evidence"] = std::move(evidence);
  row["next"] = next_of(incident);
  return json::serialize(row);
}

}  // namespace tocsin::daemon
