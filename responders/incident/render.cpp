// The two ways an incident is shown: as data and as prose.
#include "collectors/base/text.h"
#include "responders/incident/incident.h"

namespace tocsin::responders {
namespace {

void append_time(JsonWriter& json, std::string_view key, Time time) {
  if (time != Time{}) json.member(key, render_time(time));
}

void append_seconds(JsonWriter& json, std::string_view key, const std::optional<Duration>& duration) {
  if (duration) json.member(key, std::chrono::duration<double>(*duration).count());
}

void append_entities(JsonWriter& json, const std::vector<rules::Entity>& entities) {
  json.key("entities").begin_array();
  for (const auto& e : entities)
    json.begin_object()
        .member("kind", rules::entity_kind_name(e.kind))
        .member("role", rules::entity_role_name(e.role))
        .member("value", e.value)
        .end_object();
  json.end_array();
}

void append_alerts(JsonWriter& json, const std::vector<IncidentAlert>& alerts) {
  json.key("alerts").begin_array();
  for (const auto& a : alerts) {
    json.begin_object();
    json.member("alert.id", render_digest(a.id)).member("@timestamp", render_time(a.time));
    json.member("last", render_time(a.last)).member("count", a.count);
    json.member("rule.engine", rules::engine_name(a.engine)).member("rule.id", a.rule).member("rule.title", a.title);
    json.member("alert.severity", a.severity).member("host.name", a.host);
    if (a.tlp != rules::Tlp::none) json.member("alert.tlp", rules::tlp_name(a.tlp));
    json.end_object();
  }
  json.end_array();
}

void append_timeline(JsonWriter& json, const std::vector<TimelineEntry>& timeline) {
  json.key("timeline").begin_array();
  for (const auto& t : timeline) {
    json.begin_object();
    json.member("@timestamp", render_time(t.time)).member("kind", timeline_kind_name(t.kind)).member("text", t.text);
    if (!t.actor.name.empty()) json.member("actor", t.actor.name);
    if (t.actor.uid != Actor::nobody) json.member("actor.uid", t.actor.uid);
    if (t.actor.login_uid != Actor::nobody) json.member("actor.login_uid", t.actor.login_uid);
    json.end_object();
  }
  json.end_array();
}

void append_metrics(JsonWriter& json, const Incident& incident) {
  const auto metrics = measure(incident);
  json.key("metrics").begin_object();
  append_seconds(json, "time_to_detect", metrics.to_detect);
  append_seconds(json, "time_to_triage", metrics.to_triage);
  append_seconds(json, "time_to_acknowledge", metrics.to_acknowledge);
  append_seconds(json, "time_to_qualify", metrics.to_qualify);
  append_seconds(json, "time_to_contain", metrics.to_contain);
  append_seconds(json, "time_to_resolve", metrics.to_resolve);
  json.end_object();
}

// Markdown text: control characters as for a terminal, then the characters that would mark it up.
std::string escape_markdown(std::string_view text) {
  std::string out;
  for (const char c : escape_terminal(text)) {
    if (std::string_view("\\`*_{}[]<>#|~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string render_json(const Incident& incident) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("incident.id", render_uuid(incident.id.uuid)).member("incident.alias", incident.alias);
  json.member("incident.title", incident.title).member("incident.severity", incident.severity);
  json.member("incident.state", state_name(incident.state));
  if (incident.verdict) json.member("incident.verdict", verdict_name(*incident.verdict));
  if (incident.tlp != rules::Tlp::none) json.member("incident.tlp", rules::tlp_name(incident.tlp));
  json.member("host.name", incident.host);
  if (!incident.organization.empty()) json.member("organization.id", incident.organization);
  if (!incident.owner.empty()) json.member("incident.owner", incident.owner);
  if (incident.handover) {
    json.member("incident.handover.to", incident.handover->to);
    json.member("incident.handover.answer_by", render_time(incident.handover->answer_by));
  }
  if (incident.exercise == Exercise::yes) json.member("tocsin.exercise", true);
  if (incident.merged_into) json.member("incident.merged_into", render_uuid(incident.merged_into.uuid));
  append_time(json, "first_event", incident.times.first_event);
  append_time(json, "last_event", incident.times.last_event);
  append_time(json, "opened", incident.times.opened);
  append_time(json, "in_progress", incident.times.in_progress);
  append_time(json, "contained", incident.times.contained);
  append_time(json, "closed", incident.times.closed);
  append_time(json, "ended", incident.times.ended);
  append_time(json, "updated", incident.updated);
  json.member("alert_count", incident.alert_count).member("revision", incident.revision);
  if (incident.beyond_caps != 0) json.member("beyond_caps", incident.beyond_caps);
  append_metrics(json, incident);
  append_entities(json, incident.entities);
  append_alerts(json, incident.alerts);
  append_timeline(json, incident.timeline);
  json.key("evidence").begin_array();
  for (const auto& e : incident.evidence)
    json.begin_object()
        .member("sha256", render_digest(e.digest))
        .member("name", e.name)
        .member("size", e.size)
        .member("collected", render_time(e.collected))
        .end_object();
  json.end_array();
  json.end_object();
  return out;
}

std::string render_markdown(const Incident& incident) {
  std::string out = "# " + incident.alias + ": " + escape_markdown(incident.title) + "\n\n";
  if (incident.exercise == Exercise::yes) out += "**Exercise**: not a real intrusion.\n\n";
  out += "- Severity " + std::to_string(incident.severity) + ", " + std::string(state_name(incident.state));
  if (incident.verdict) out += " (" + std::string(verdict_name(*incident.verdict)) + ")";
  if (incident.tlp != rules::Tlp::none) out += "\n- " + rules::tlp_label(incident.tlp);
  out += "\n- Host " + escape_markdown(incident.host) + "\n- Owner " +
         (incident.owner.empty() ? std::string("nobody") : escape_markdown(incident.owner)) + "\n- " +
         std::to_string(incident.alert_count) + " alerts, first " + render_time(incident.times.first_event) +
         ", last " + render_time(incident.times.last_event) + "\n\n## Timeline\n\n";
  for (const auto& t : incident.timeline) {
    out +=
        "- " + render_time(t.time) + " · " + std::string(timeline_kind_name(t.kind)) + " · " + escape_markdown(t.text);
    if (!t.actor.name.empty()) out += " · " + escape_markdown(t.actor.name);
    out += '\n';
  }
  out += "\n## Alerts\n\n| time | severity | engine | rule | count |\n|---|---|---|---|---|\n";
  for (const auto& a : incident.alerts)
    out += "| " + render_time(a.time) + " | " + std::to_string(a.severity) + " | " +
           std::string(rules::engine_name(a.engine)) + " | " + escape_markdown(a.title) + " | " +
           std::to_string(a.count) + " |\n";
  return out;
}

}  // namespace tocsin::responders
