#include "responders/playbook/inputs.h"

#include <algorithm>

#include "collectors/base/address.h"
#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

using rules::Entity;
using rules::EntityKind;
using rules::EntityRole;

// In the order the alerts came: what opened the incident says more than what joined it later.
const Entity* first(const Incident& incident, EntityKind kind, EntityRole role) {
  for (const IncidentAlert& alert : incident.alerts)
    for (const Entity& entity : alert.entities)
      if (entity.kind == kind && entity.role == role && !entity.value.empty()) return &entity;
  for (const Entity& entity : incident.entities)
    if (entity.kind == kind && entity.role == role && !entity.value.empty()) return &entity;
  return nullptr;
}

const Entity* first(const Incident& incident, EntityKind kind) {
  for (const EntityRole role : {EntityRole::actor, EntityRole::target, EntityRole::related})
    if (const Entity* found = first(incident, kind, role)) return found;
  return nullptr;
}

// The account an intruder got into, or else the one most is said about: alerts of valid accounts (T1078) first, then by
// the number of alerts; of equals the one named first.
std::string likely_user(const Incident& incident) {
  struct Candidate {
    std::string name;
    std::uint64_t entered = 0;
    std::uint64_t alerts = 0;
  };
  std::vector<Candidate> candidates;
  for (const IncidentAlert& alert : incident.alerts) {
    const bool entered =
        std::ranges::any_of(alert.attack, [](const std::string& tag) { return tag.starts_with("T1078"); });
    for (const Entity& entity : alert.entities) {
      if (entity.kind != EntityKind::user || entity.value.empty()) continue;
      auto found = std::ranges::find(candidates, entity.value, &Candidate::name);
      if (found == candidates.end()) found = candidates.insert(candidates.end(), Candidate{entity.value, 0, 0});
      found->entered += entered ? 1U : 0U;
      found->alerts += alert.count;
    }
  }
  const auto best = std::ranges::max_element(candidates, [](const Candidate& a, const Candidate& b) {
    return std::pair(a.entered != 0, a.alerts) < std::pair(b.entered != 0, b.alerts);
  });
  if (best != candidates.end()) return best->name;
  const Entity* any = first(incident, EntityKind::user);
  return any == nullptr ? std::string{} : any->value;
}

// A file of a host: an absolute path. Of the alerts of YARA first, which looked into it.
std::string likely_file(const Incident& incident) {
  for (const bool looked_into : {true, false})
    for (const IncidentAlert& alert : incident.alerts)
      if (!looked_into || alert.engine == rules::Engine::yara)
        for (const Entity& entity : alert.entities)
          if (entity.kind == EntityKind::file && entity.value.starts_with('/')) return entity.value;
  for (const Entity& entity : incident.entities)
    if (entity.kind == EntityKind::file && entity.value.starts_with('/')) return entity.value;
  return {};
}

// The server outside that data went to or orders came from: of the alerts that speak of command and control or of
// exfiltration, the first address that is no private one (RFC 1918, RFC 4193, loopback, link-local).
std::string outside_server(const Incident& incident) {
  static constexpr std::string_view techniques[] = {"T1041", "T1048", "T1071", "T1090",
                                                    "T1102", "T1105", "T1567", "T1572"};
  static constexpr std::string_view inside[] = {"10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8",
                                                "169.254.0.0/16", "fc00::/7",      "fe80::/10",      "::1/128"};
  for (const IncidentAlert& alert : incident.alerts) {
    const bool speaks = std::ranges::any_of(alert.attack, [](const std::string& tag) {
      return std::ranges::any_of(techniques, [&](std::string_view technique) { return tag.starts_with(technique); });
    });
    if (!speaks) continue;
    for (const Entity& entity : alert.entities) {
      const auto address = parse_address(entity.value);
      if (entity.kind != EntityKind::address || !address) continue;
      const bool private_one = std::ranges::any_of(inside, [&](std::string_view text) {
        const auto network = parse_network(text, HostBits::refuse);
        return network && network->contains(address->unmapped());
      });
      if (!private_one) return entity.value;
    }
  }
  return {};
}

// "cron.d/job", "crontabs/ann": the tables that cron.disable takes away.
std::string cron_table(const std::string& path) {
  static constexpr std::string_view etc = "/etc/";
  static constexpr std::string_view spool = "/var/spool/cron/";
  static constexpr std::string_view folders[] = {"cron.d/",      "cron.hourly/",  "cron.daily/",
                                                 "cron.weekly/", "cron.monthly/", "crontabs/"};
  const std::string_view rest = path.starts_with(etc)     ? std::string_view(path).substr(etc.size())
                                : path.starts_with(spool) ? std::string_view(path).substr(spool.size())
                                                          : std::string_view();
  for (const std::string_view folder : folders)
    if (rest.starts_with(folder) && rest.size() > folder.size() && rest.find('/', folder.size()) == std::string::npos)
      return std::string(rest);
  return {};
}

// What the latest alert about this host that knows it says.
template <class Of>
std::string latest(const Incident& incident, std::string_view here, Of of) {
  for (auto alert = incident.alerts.rbegin(); alert != incident.alerts.rend(); ++alert)
    if (alert->host == here)
      if (std::string value = of(*alert); !value.empty()) return value;
  return {};
}

}  // namespace

Inputs inputs_from_incident(const Incident& incident, std::string_view here) {
  Inputs out;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) out.emplace_back(name, value.substr(0, 4096));
  };
  const auto add_entity = [&](const char* name, const Entity* entity) {
    if (entity != nullptr) add(name, entity->value);
  };
  add("__incident__", incident.alias);
  add("__title__", incident.title);
  add("__host__", incident.host);
  add("__severity__", std::to_string(incident.severity));
  add_entity("__source_ip__", first(incident, EntityKind::address, EntityRole::actor));
  add_entity("__target_ip__", first(incident, EntityKind::address, EntityRole::target));
  add("__outside_ip__", outside_server(incident));
  add("__user__", likely_user(incident));
  add_entity("__process__", first(incident, EntityKind::process));
  add_entity("__domain__", first(incident, EntityKind::domain));
  add("__file__", likely_file(incident));
  add("__pid__", latest(incident, here, [](const IncidentAlert& alert) {
        return alert.facts.process == 0 ? std::string() : std::to_string(alert.facts.process);
      }));
  add("__unit__", latest(incident, here, [](const IncidentAlert& alert) { return alert.facts.unit; }));
  add("__key__", latest(incident, here, [](const IncidentAlert& alert) { return alert.facts.key; }));
  add("__cron__", latest(incident, here, [](const IncidentAlert& alert) {
        for (const Entity& entity : alert.entities)
          if (entity.kind == EntityKind::file)
            if (std::string table = cron_table(entity.value); !table.empty()) return table;
        return std::string();
      }));
  for (const IncidentAlert& alert : incident.alerts) {
    const auto technique = std::find_if(alert.attack.begin(), alert.attack.end(),
                                        [](const std::string& text) { return text.starts_with('T'); });
    if (technique != alert.attack.end()) {
      add("__technique__", *technique);
      break;
    }
  }
  return out;
}

}  // namespace tocsin::responders
