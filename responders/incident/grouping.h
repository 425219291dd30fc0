#pragma once
// Which alerts belong to one intrusion. Deterministic: the same alerts in the same order group the same way; time is
// the alerts' own.
//
// An alert has strong keys (addresses, domains, files that are not ignored) and weak ones (users, the host).
// - An alert joins the incidents it shares a strong key with; if these are several, they are one intrusion: merge.
// - Without such a link, an alert that names no outside actor (it happened on the host itself: a process, a file, a
//   connection going out) joins the most severe incident that shares its user, else that of its host. Never a
//   merge.
// - Else it opens an incident.
// A key holds for `window` after it was last seen, an incident takes alerts for `age_most` after its first. Addresses,
// users and files are those of one host. Exercises and real alerts never mix. Tocsin's own health alerts (engine self)
// group by rule and host alone.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collectors/base/time.h"
#include "responders/incident/incident.h"
#include "rules/alert.h"

namespace tocsin::responders {

struct GroupingOptions {
  Duration window = std::chrono::hours(1);
  Duration age_most = std::chrono::hours(24);
  std::size_t keys_most = 100'000;
  std::size_t incidents_most = 4096;
  std::size_t weak_most = 256;  // users and hosts of one incident
  // Too common to link anything: resolvers, gateways, proxies, monitoring.
  std::set<std::pair<rules::EntityKind, std::string>> ignored = ubiquitous();
  // Addresses of the watched hosts themselves; an alert whose actor is one of them happened on the host.
  std::set<std::string> own_addresses;

  // root, www-data, /bin/sh, /etc/passwd, loopback, …
  static std::set<std::pair<rules::EntityKind, std::string>> ubiquitous();
};

// Single-threaded: casework's.
class Grouping {
 public:
  explicit Grouping(GroupingOptions options) : options_(std::move(options)) {}

  // The incidents this alert belongs to, the oldest first; the others are to be merged into it. Empty: a new one.
  std::vector<IncidentId> find(const rules::Alert& alert) const;
  // The alert went into this incident.
  void note(const IncidentAlert& alert, Exercise exercise, IncidentId id);
  // `from` was merged into `into`.
  void merged(IncidentId from, IncidentId into);
  // Closed, or moved out: takes no more alerts.
  void forget(IncidentId id);
  // After a restart: as if its alerts had just come in.
  void restore(const Incident& incident);
  std::size_t keys() const noexcept { return keys_.size(); }
  std::size_t incidents() const noexcept { return incidents_.size(); }

 private:
  struct Link {
    IncidentId incident;
    Time last{};
  };
  struct Span {
    Time first{};
    Time last{};
    std::uint64_t order = 0;  // of opening: the oldest wins a merge
    std::uint8_t severity = 0;
    std::set<std::string, std::less<>> weak;  // users and hosts
  };
  struct Keys {
    std::vector<std::string> strong;
    std::vector<std::string> users;
    std::string host;
    bool outside_actor = false;
  };
  Keys keys_of(const std::vector<rules::Entity>& entities, const std::string& host, Exercise exercise,
               rules::Engine engine, const std::string& rule) const;
  const Link* lookup(const std::string& key, Time time) const;
  bool takes(const Span& span, Time time) const;
  // Among the incidents with this weak key: the most severe, then the latest, then the oldest.
  IncidentId best_with(const std::string& key, Time time) const;
  void make_room(Time now);
  void prune_incidents(Time now);

  GroupingOptions options_;
  std::map<std::string, Link, std::less<>> keys_;
  std::map<IncidentId, Span> incidents_;
  std::uint64_t opened_ = 0;
};

}  // namespace tocsin::responders
