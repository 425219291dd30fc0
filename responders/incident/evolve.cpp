#include <algorithm>

#include "responders/incident/decide.h"

namespace tocsin::responders {
namespace {

std::string words(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '_', ' ');
  return out;
}

// Applies one change; each overload is one kind.
class Folder {
 public:
  Folder(Incident& incident, const Change& change) : incident_(incident), change_(change) {}

  void operator()(const change::Opened& c) {
    incident_.id = change_.incident;
    incident_.alias = c.alias;
    incident_.title = c.title;
    incident_.host = c.host;
    incident_.organization = c.organization;
    incident_.exercise = c.exercise;
    incident_.times.opened = change_.time;
    tell(change_.time, TimelineKind::opened, c.alias + " opened: " + c.title);
  }

  void operator()(const change::AlertAdded& c) {
    name_after(c.alert);
    take_alert(c.alert);
    incident_.alert_count += c.alert.count;
    tell(c.alert.time, TimelineKind::alert,
         c.alert.title + " (" + std::string(rules::engine_name(c.alert.engine)) + ", severity " +
             std::to_string(c.alert.severity) + ")" + describe_entities(c.alert));
    rate(c.severity);
  }

  void operator()(const change::AlertRepeated& c) {
    incident_.alert_count += c.count;
    saw(c.time);
    for (auto& alert : incident_.alerts) {
      if (alert.id != c.first) continue;
      alert.count += c.count;
      alert.last = std::max(alert.last, c.time);
      return;
    }
  }

  void operator()(const change::StateChanged& c) {
    incident_.state = c.to;
    auto& times = incident_.times;
    std::string text = words(state_name(c.to));
    if (c.to == IncidentState::in_progress) times.in_progress = change_.time;
    if (c.to == IncidentState::contained && times.contained == Time{}) times.contained = change_.time;
    if (c.to == IncidentState::closed) {
      times.closed = change_.time;
      times.ended = c.ended;
      incident_.verdict = c.verdict;
      incident_.handover.reset();
      if (c.verdict) text += " as " + words(verdict_name(*c.verdict));
    }
    // Work began with the first step, whichever it was.
    if (times.in_progress == Time{}) times.in_progress = change_.time;
    tell(change_.time, TimelineKind::state, text + ": " + c.reason);
  }

  void operator()(const change::Reopened& c) {
    if (incident_.state == IncidentState::contained) incident_.times.contained = Time{};
    incident_.state = IncidentState::in_progress;
    incident_.verdict.reset();
    incident_.times.closed = incident_.times.ended = Time{};
    tell(change_.time, TimelineKind::state, "reopened: " + c.reason);
  }

  void operator()(const change::Noted& c) { tell(change_.time, TimelineKind::note, c.text); }

  void operator()(const change::Assigned& c) {
    incident_.owner = c.owner;
    incident_.handover.reset();
    tell(change_.time, TimelineKind::owner, c.owner.empty() ? "assigned to nobody" : "assigned to " + c.owner);
  }

  void operator()(const change::HandoverOffered& c) {
    incident_.handover = c.offer;
    tell(change_.time, TimelineKind::owner,
         (c.silent.empty() ? "" : c.silent + " did not answer; ") + "offered to " + c.offer.to + " until " +
             render_time(c.offer.answer_by) + ": " + c.offer.reason);
  }

  void operator()(const change::HandoverEnded& c) {
    incident_.handover.reset();
    std::string text = c.who + " accepted it: " + c.reason;
    switch (c.how) {
      case change::HandoverEnd::accepted: incident_.owner = c.who; break;
      case change::HandoverEnd::returned: text = c.who + " gave it back: " + c.reason; break;
      case change::HandoverEnd::withdrawn: text = "no longer offered to " + c.who + ": " + c.reason; break;
      case change::HandoverEnd::unanswered:
        text = c.who + " did not answer, and nobody is left to ask; it stays with " + incident_.owner;
        break;
    }
    tell(change_.time, TimelineKind::owner, std::move(text));
  }

  void operator()(const change::Retitled& c) {
    tell(change_.time, TimelineKind::note, "title was: " + incident_.title);
    incident_.title = c.title;
    incident_.title_pinned = true;
  }

  void operator()(const change::Rated& c) {
    incident_.severity = c.severity;
    incident_.severity_pinned = true;
    tell(change_.time, TimelineKind::severity, "severity set to " + std::to_string(c.severity) + ": " + c.reason);
  }

  void operator()(const change::Absorbed& c) {
    for (const auto& alert : c.alerts) {
      name_after(alert);
      take_alert(alert);
    }
    incident_.alert_count += c.alert_count;
    for (const auto& evidence : c.evidence)
      if (std::ranges::find(incident_.evidence, evidence) == incident_.evidence.end())
        incident_.evidence.push_back(evidence);
    for (const auto& entry : c.timeline) tell(entry);
    tell(change_.time, TimelineKind::merge, "took in " + c.other_alias + ": " + c.reason);
    rate(c.severity);
  }

  void operator()(const change::Merged& c) {
    incident_.merged_into = c.into;
    incident_.state = IncidentState::closed;
    incident_.verdict = Verdict::duplicate;
    incident_.handover.reset();
    incident_.times.closed = incident_.times.ended = change_.time;
    tell(change_.time, TimelineKind::merge, "goes on as " + c.into_alias + ": " + c.reason);
  }

  void operator()(const change::SplitOff& c) {
    std::erase_if(incident_.alerts, [&](const IncidentAlert& alert) {
      if (std::ranges::find(c.alerts, alert.id) == c.alerts.end()) return false;
      incident_.alert_count -= std::min(incident_.alert_count, alert.count);
      return true;
    });
    incident_.entities.clear();
    incident_.times.first_event = incident_.times.last_event = Time{};
    for (const auto& alert : incident_.alerts) take_context(alert);
    tell(change_.time, TimelineKind::split,
         std::to_string(c.alerts.size()) + " alerts became " + c.into_alias + ": " + c.reason);
    rate(c.severity);
  }

  void operator()(const change::EvidenceAdded& c) {
    incident_.evidence.push_back(c.evidence);
    tell(change_.time, TimelineKind::evidence,
         c.evidence.name + ", " + std::to_string(c.evidence.size) + " bytes, SHA-256 " +
             render_digest(c.evidence.digest));
  }

  void operator()(const change::RunRecorded& c) {
    std::string text = c.playbook;
    if (!c.step.empty()) text += " · " + c.step;
    if (!c.action.empty()) text += " · " + c.action;
    if (!c.mode.empty()) text += " [" + c.mode + "]";
    if (!c.outcome.empty()) text += " " + c.outcome;
    if (!c.text.empty()) text += ": " + c.text;
    if (c.contained && incident_.times.contained == Time{}) incident_.times.contained = change_.time;
    tell(change_.time, TimelineKind::playbook, text);
  }

 private:
  static std::string describe_entities(const IncidentAlert& alert) {
    std::string out;
    std::size_t shown = 0;
    for (const auto& e : alert.entities) {
      if (shown++ == 6) return out + " …";
      out += ' ' + std::string(rules::entity_kind_name(e.kind)) + '=' + e.value;
    }
    return out;
  }

  void saw(Time time) {
    auto& times = incident_.times;
    if (times.first_event == Time{} || time < times.first_event) times.first_event = time;
    times.last_event = std::max(times.last_event, time);
  }

  void take_context(const IncidentAlert& alert) {
    saw(alert.time);
    saw(alert.last);
    incident_.tlp = std::max(incident_.tlp, alert.tlp);
    for (const auto& entity : alert.entities) {
      const auto place = std::ranges::lower_bound(incident_.entities, entity);
      if (place != incident_.entities.end() && *place == entity) continue;
      if (incident_.entities.size() >= Incident::entities_most) ++incident_.beyond_caps;
      else incident_.entities.insert(place, entity);
    }
  }

  void take_alert(const IncidentAlert& alert) {
    take_context(alert);
    if (incident_.alerts.size() >= Incident::alerts_most) ++incident_.beyond_caps;
    else incident_.alerts.push_back(alert);
  }

  // Before the alert is taken.
  void name_after(const IncidentAlert& alert) {
    if (incident_.title_pinned) return;
    const bool worst = std::ranges::all_of(incident_.alerts,
                                           [&](const IncidentAlert& other) { return other.severity < alert.severity; });
    if (worst) incident_.title = alert.title;
  }

  void rate(std::uint8_t severity) {
    if (!incident_.severity_pinned) incident_.severity = severity;
  }

  void tell(Time time, TimelineKind kind, std::string text) {
    tell(TimelineEntry{time, kind, std::move(text), change_.actor});
  }
  void tell(TimelineEntry entry) {
    if (incident_.timeline.size() >= Incident::timeline_most) {
      ++incident_.beyond_caps;
      return;
    }
    const auto place = std::ranges::upper_bound(incident_.timeline, entry.time, {}, &TimelineEntry::time);
    incident_.timeline.insert(place, std::move(entry));
  }

  Incident& incident_;
  const Change& change_;
};

}  // namespace

Incident evolve(Incident incident, const Change& change) {
  const bool opening = !incident.id && std::holds_alternative<change::Opened>(change.body);
  if (!opening && change.incident != incident.id) return incident;
  std::visit(Folder(incident, change), change.body);
  ++incident.revision;
  incident.updated = std::max(incident.updated, change.time);
  return incident;
}

Incident fold(const std::vector<Change>& changes, IncidentId id) {
  Incident incident;
  for (const auto& change : changes)
    if (change.incident == id) incident = evolve(std::move(incident), change);
  return incident;
}

}  // namespace tocsin::responders
