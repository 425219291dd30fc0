#pragma once
// The one place where incidents change: serial, deterministic, and journaled before anybody sees it. `take` is called
// for every alert in order; `command` for everything a person or a playbook asks.
//
// One thread. It owns nothing but its cache: the journal is the truth, and `reload` starts over from it (after a
// transaction of the store was rolled back). When the journal cannot write (disk full), nothing changes here either and
// the error says so; detection goes on without it.

#include <map>
#include <optional>
#include <string>

#include "collectors/base/id.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "responders/incident/decide.h"
#include "responders/incident/grouping.h"
#include "responders/incident/journal.h"

namespace tocsin::responders {

// Makes incident ids. Live: from time and randomness. Replays: from the opening alert, so that the same recording gives
// the same ids, byte for byte.
class IncidentIds {
 public:
  static IncidentIds random(Random& random);  // outlives this
  static IncidentIds derived(std::uint64_t seed);
  // `discriminator` keeps ids apart that come from the same alert (a split).
  IncidentId make(Time time, const rules::AlertId& opening, std::uint64_t discriminator = 0) const;

 private:
  IncidentIds(Random* random, std::uint64_t seed) : random_(random), seed_(seed) {}
  Random* random_;
  std::uint64_t seed_;
};

struct CaseworkOptions {
  GroupingOptions grouping;
  std::string organization;
  Actor self;                      // the daemon
  std::size_t cached_most = 1024;  // incidents kept in memory; others are folded again from the journal
};

enum class Taken : std::uint8_t {
  opened,    // a new incident: playbooks may start
  joined,    // a new kind of alert in an incident
  repeated,  // folded into an alert the incident has
  known,     // seen before (a replay): nothing changed
};
struct TakenAlert {
  Taken how = Taken::known;
  IncidentId incident;
};

class Casework {
 public:
  // Reads the open incidents from the journal. `journal` and `clock` outlive this. In a replay the clock is a manual
  // one which the caller advances to the alert's time before `take`.
  static Result<Casework> start(Journal& journal, const Clock& clock, IncidentIds ids, CaseworkOptions options);
  Casework(Casework&&) = default;
  Casework& operator=(Casework&&) = default;

  Result<TakenAlert> take(const rules::Alert& alert);
  // The incident afterwards. `expected` is the revision the caller has seen: conflict when it moved on.
  Result<Incident> command(IncidentId id, const Command& command, const Actor& actor,
                           std::optional<std::uint64_t> expected = std::nullopt);
  // The two that concern two incidents. Both give the incident that goes on / the new one.
  Result<Incident> merge(IncidentId into, IncidentId from, const std::string& reason, const Actor& actor);
  Result<Incident> split(IncidentId id, std::vector<rules::AlertId> alerts, const std::string& reason,
                         const Actor& actor);
  // Offers of incidents whose time is over go to the next in line, or end.
  bool handover_due() const;
  Result<void> pass_handovers();
  // not_found for an unknown id.
  Result<Incident> incident(IncidentId id);
  Result<void> reload();

 private:
  Casework(Journal& journal, const Clock& clock, IncidentIds ids, CaseworkOptions options);
  Result<const Incident*> load(IncidentId id);
  const Incident& keep(Incident incident);
  Result<void> write(const std::vector<Change>& changes);
  void regroup(const Change& change);
  void note_offer(const Incident& incident);
  Result<std::string> next_alias();

  Journal* journal_;
  const Clock* clock_;
  IncidentIds ids_;
  CaseworkOptions options_;
  Grouping grouping_;
  struct Cached {
    Incident incident;
    std::uint64_t used = 0;
  };
  std::map<IncidentId, Cached> cache_;
  std::uint64_t uses_ = 0;
  std::map<IncidentId, Time> offered_;  // when the answer is due
};

}  // namespace tocsin::responders
