#include "responders/incident/grouping.h"

#include <algorithm>
#include <tuple>

namespace tocsin::responders {

using rules::EntityKind;
using rules::EntityRole;

std::set<std::pair<EntityKind, std::string>> GroupingOptions::ubiquitous() {
  std::set<std::pair<EntityKind, std::string>> out;
  for (const char* address : {"127.0.0.1", "::1", "0.0.0.0", "::", "255.255.255.255"})
    out.emplace(EntityKind::address, address);
  for (const char* user : {"root", "nobody", "www-data", "daemon", "nginx", "apache", "systemd-network", "messagebus",
                           "unset", "unknown", "(unknown)", "invalid", "-", "?", "0"})
    out.emplace(EntityKind::user, user);
  for (const char* file :
       {"/bin/sh", "/bin/bash", "/bin/dash", "/usr/bin/sh", "/usr/bin/bash", "/usr/bin/dash", "/usr/bin/sudo",
        "/usr/sbin/sshd", "/etc/passwd", "/etc/shadow", "/etc/group", "/dev/null", "/tmp", "/"})
    out.emplace(EntityKind::file, file);
  out.emplace(EntityKind::domain, "localhost");
  return out;
}

Grouping::Keys Grouping::keys_of(const std::vector<rules::Entity>& entities, const std::string& host, Exercise exercise,
                                 rules::Engine engine, const std::string& rule) const {
  Keys out;
  const std::string mark = exercise == Exercise::yes ? "x|" : "r|";
  const std::string here = mark + host + '|';
  if (engine == rules::Engine::self) {
    out.strong.push_back(here + "self|" + rule);
    out.outside_actor = true;  // never joins an intrusion through the host
    return out;
  }
  out.host = here + "host";
  for (const auto& e : entities) {
    if (options_.ignored.contains({e.kind, e.value})) continue;
    switch (e.kind) {
      case EntityKind::address:
        if (options_.own_addresses.contains(e.value)) break;
        out.strong.push_back(here + "address|" + e.value);
        out.outside_actor = out.outside_actor || e.role == EntityRole::actor;
        break;
      case EntityKind::domain: out.strong.push_back(mark + "domain|" + e.value); break;
      case EntityKind::file: out.strong.push_back(here + "file|" + e.value); break;
      case EntityKind::user: out.users.push_back(here + "user|" + e.value); break;
      case EntityKind::host:
      case EntityKind::process: break;
    }
  }
  return out;
}

bool Grouping::takes(const Span& span, Time time) const {
  return time - span.first <= options_.age_most && time - span.last <= options_.window &&
         span.first - time <= options_.window;
}

const Grouping::Link* Grouping::lookup(const std::string& key, Time time) const {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return nullptr;
  const auto& link = found->second;
  const auto incident = incidents_.find(link.incident);
  if (incident == incidents_.end() || !takes(incident->second, time)) return nullptr;
  return time - link.last <= options_.window ? &link : nullptr;
}

IncidentId Grouping::best_with(const std::string& key, Time time) const {
  IncidentId best;
  const Span* chosen = nullptr;
  for (const auto& [id, span] : incidents_) {
    if (!takes(span, time) || !span.weak.contains(key)) continue;
    const auto rank = [](const Span& s) { return std::tuple(s.severity, s.last, ~s.order); };
    if (chosen && rank(*chosen) >= rank(span)) continue;
    best = id;
    chosen = &span;
  }
  return best;
}

std::vector<IncidentId> Grouping::find(const rules::Alert& alert) const {
  const auto keys = keys_of(alert.entities, alert.host, alert.exercise,
                            alert.rule ? alert.rule->engine : rules::Engine::sigma, alert.rule ? alert.rule->id : "");
  std::vector<IncidentId> out;
  for (const auto& key : keys.strong)
    if (const auto* link = lookup(key, alert.time))
      if (std::ranges::find(out, link->incident) == out.end()) out.push_back(link->incident);
  std::ranges::sort(out, {}, [&](const IncidentId& id) { return incidents_.at(id).order; });
  if (!out.empty() || keys.outside_actor) return out;
  for (const auto& user : keys.users) {
    if (!out.empty()) return out;
    if (const auto best = best_with(user, alert.time)) out.push_back(best);
  }
  if (out.empty())
    if (const auto best = best_with(keys.host, alert.time)) out.push_back(best);
  return out;
}

void Grouping::note(const IncidentAlert& alert, Exercise exercise, IncidentId id) {
  if (!incidents_.contains(id)) {
    if (incidents_.size() >= options_.incidents_most) prune_incidents(alert.last);
    incidents_.emplace(id, Span{alert.time, alert.last, opened_++, alert.severity, {}});
  }
  auto& span = incidents_.at(id);
  span.first = std::min(span.first, alert.time);
  span.last = std::max(span.last, alert.last);
  span.severity = std::max(span.severity, alert.severity);
  auto keys = keys_of(alert.entities, alert.host, exercise, alert.engine, alert.rule);
  if (!keys.host.empty()) span.weak.insert(std::move(keys.host));
  for (auto& user : keys.users)
    if (span.weak.size() < options_.weak_most) span.weak.insert(std::move(user));
  for (auto& key : keys.strong) {
    if (keys_.size() >= options_.keys_most && !keys_.contains(key)) make_room(alert.last);
    auto& link = keys_[std::move(key)];
    link.last = link.incident == id ? std::max(link.last, alert.last) : alert.last;
    link.incident = id;
  }
}

// First the incidents that can take no more alerts, then the one that was quiet the longest.
void Grouping::prune_incidents(Time now) {
  std::erase_if(incidents_, [&](const auto& entry) { return !takes(entry.second, now); });
  if (incidents_.size() < options_.incidents_most) return;
  const auto quiet = std::ranges::min_element(
      incidents_, {}, [](const auto& entry) { return std::pair(entry.second.last, entry.second.order); });
  incidents_.erase(quiet);
}

// First what can link nothing any more, then the older half.
void Grouping::make_room(Time now) {
  std::erase_if(keys_, [&](const auto& entry) { return now - entry.second.last > options_.window; });
  if (keys_.size() < options_.keys_most) return;
  std::vector<Time> times;
  for (const auto& [key, link] : keys_) times.push_back(link.last);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  const Time limit = *middle;
  std::erase_if(keys_, [&](const auto& entry) { return entry.second.last <= limit; });
}

void Grouping::merged(IncidentId from, IncidentId into) {
  const auto gone = incidents_.find(from);
  const auto stays = incidents_.find(into);
  if (gone != incidents_.end() && stays != incidents_.end()) {
    stays->second.first = std::min(stays->second.first, gone->second.first);
    stays->second.last = std::max(stays->second.last, gone->second.last);
    stays->second.severity = std::max(stays->second.severity, gone->second.severity);
    for (const auto& key : gone->second.weak)
      if (stays->second.weak.size() < options_.weak_most) stays->second.weak.insert(key);
  }
  incidents_.erase(from);
  for (auto& [key, link] : keys_)
    if (link.incident == from) link.incident = into;
}

void Grouping::forget(IncidentId id) {
  incidents_.erase(id);
  std::erase_if(keys_, [&](const auto& entry) { return entry.second.incident == id; });
}

void Grouping::restore(const Incident& incident) {
  for (const auto& alert : incident.alerts) note(alert, incident.exercise, incident.id);
}

}  // namespace tocsin::responders
