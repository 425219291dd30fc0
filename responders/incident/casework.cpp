#include "responders/incident/casework.h"

#include <algorithm>
#include <chrono>

namespace tocsin::responders {
namespace {

bool opens(const std::vector<Change>& changes, IncidentId id) {
  return std::ranges::any_of(changes, [&](const Change& change) {
    return change.incident == id && std::holds_alternative<change::Opened>(change.body);
  });
}

}  // namespace

IncidentIds IncidentIds::random(Random& random) { return IncidentIds(&random, 0); }
IncidentIds IncidentIds::derived(std::uint64_t seed) { return IncidentIds(nullptr, seed); }

IncidentId IncidentIds::make(Time time, const rules::AlertId& opening, std::uint64_t discriminator) const {
  if (random_ != nullptr) return {make_uuid7(time, *random_)};
  SeededRandom derived(hash64(render_digest(opening), seed_ + discriminator));
  return {make_uuid7(time, derived)};
}

Casework::Casework(Journal& journal, const Clock& clock, IncidentIds ids, CaseworkOptions options)
    : journal_(&journal), clock_(&clock), ids_(ids), options_(std::move(options)), grouping_(options_.grouping) {}

Result<Casework> Casework::start(Journal& journal, const Clock& clock, IncidentIds ids, CaseworkOptions options) {
  Casework casework(journal, clock, ids, std::move(options));
  TOCSIN_CHECK(casework.reload());
  return casework;
}

Result<void> Casework::reload() {
  cache_.clear();
  offered_.clear();
  grouping_ = Grouping(options_.grouping);
  TOCSIN_TRY(const auto open, journal_->open_incidents());
  for (const auto& id : open) {
    TOCSIN_TRY(const auto* found, load(id));
    grouping_.restore(*found);
  }
  return {};
}

Result<const Incident*> Casework::load(IncidentId id) {
  if (const auto found = cache_.find(id); found != cache_.end()) {
    found->second.used = ++uses_;
    return &found->second.incident;
  }
  TOCSIN_TRY(const auto changes, journal_->changes(id));
  if (changes.empty()) return fail(Code::not_found, "there is no such incident; list them with `tocsin incident list`");
  return &keep(fold(changes, id));
}

const Incident& Casework::keep(Incident incident) {
  const auto id = incident.id;
  if (cache_.size() >= options_.cached_most && !cache_.contains(id)) {
    const auto oldest = std::ranges::min_element(cache_, {}, [](const auto& entry) { return entry.second.used; });
    cache_.erase(oldest);
  }
  auto& place = cache_[id];
  place = {std::move(incident), ++uses_};
  note_offer(place.incident);
  return place.incident;
}

void Casework::note_offer(const Incident& incident) {
  if (incident.handover) offered_[incident.id] = incident.handover->answer_by;
  else offered_.erase(incident.id);
}

Result<std::string> Casework::next_alias() {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(clock_->now()));
  const int year = static_cast<int>(date.year());
  TOCSIN_TRY(const auto last, journal_->last_number(year));
  return render_alias(year, last + 1);
}

// Journal first; only then the cache and the grouping move on.
Result<void> Casework::write(const std::vector<Change>& changes) {
  // Loaded before the append, or the fold from the journal would see the new changes twice.
  for (const auto& change : changes)
    if (!opens(changes, change.incident)) TOCSIN_CHECK(load(change.incident));
  if (changes.empty()) return {};
  TOCSIN_CHECK(journal_->append(changes));
  for (const auto& change : changes) {
    if (std::holds_alternative<change::Opened>(change.body)) keep(evolve(Incident{}, change));
    else if (const auto found = cache_.find(change.incident); found != cache_.end())
      note_offer(found->second.incident = evolve(std::move(found->second.incident), change));
    regroup(change);
  }
  return {};
}

void Casework::regroup(const Change& change) {
  const auto incident = cache_.find(change.incident);
  const auto exercise = incident == cache_.end() ? Exercise::no : incident->second.incident.exercise;
  if (const auto* added = std::get_if<change::AlertAdded>(&change.body)) {
    grouping_.note(added->alert, exercise, change.incident);
  } else if (const auto* repeated = std::get_if<change::AlertRepeated>(&change.body)) {
    if (incident == cache_.end()) return;
    for (const auto& alert : incident->second.incident.alerts)
      if (alert.id == repeated->first) return grouping_.note(alert, exercise, change.incident);
  } else if (const auto* merged = std::get_if<change::Merged>(&change.body)) {
    grouping_.merged(change.incident, merged->into);
  } else if (const auto* state = std::get_if<change::StateChanged>(&change.body)) {
    if (state->to == IncidentState::closed) grouping_.forget(change.incident);
  } else if (std::holds_alternative<change::Reopened>(change.body) ||
             std::holds_alternative<change::SplitOff>(change.body)) {
    grouping_.forget(change.incident);
    if (incident != cache_.end()) grouping_.restore(incident->second.incident);
  }
}

Result<TakenAlert> Casework::take(const rules::Alert& alert) {
  TOCSIN_TRY(const auto known, journal_->incident_of(alert.id));
  if (known) return TakenAlert{Taken::known, *known};
  const auto groups = grouping_.find(alert);
  if (groups.empty()) {
    TOCSIN_TRY(auto alias, next_alias());
    const auto id = ids_.make(clock_->now(), alert.id);
    const Command open = command::Open{id, std::move(alias), options_.organization, alert};
    TOCSIN_TRY(const auto changes, decide(Incident{}, open, options_.self, *clock_));
    TOCSIN_CHECK(write(changes));
    return TakenAlert{Taken::opened, id};
  }
  const auto into = groups.front();
  for (std::size_t i = 1; i < groups.size(); ++i) {
    const std::string why = "alert " + render_digest(alert.id).substr(0, 8) + " (" +
                            (alert.rule ? alert.rule->title : std::string()) + ") links both";
    const auto merged = merge(into, groups[i], why, options_.self);
    // What two incidents cannot be is no reason to lose the alert; only a journal that cannot write is.
    if (!merged && merged.error().code != Code::conflict) return std::unexpected(merged.error());
  }
  TOCSIN_TRY(const auto* incident, load(into));
  TOCSIN_TRY(const auto changes, decide(*incident, command::AddAlert{alert}, options_.self, *clock_));
  const bool repeated = !changes.empty() && std::holds_alternative<change::AlertRepeated>(changes.front().body);
  TOCSIN_CHECK(write(changes));
  return TakenAlert{changes.empty() ? Taken::known : repeated ? Taken::repeated : Taken::joined, into};
}

Result<Incident> Casework::command(IncidentId id, const Command& command, const Actor& actor,
                                   std::optional<std::uint64_t> expected) {
  TOCSIN_TRY(const auto* incident, load(id));
  if (expected && incident->revision != *expected)
    return fail(Code::conflict, incident->alias + " was changed meanwhile; look at it again, then repeat");
  TOCSIN_TRY(const auto changes, decide(*incident, command, actor, *clock_));
  TOCSIN_CHECK(write(changes));
  return this->incident(id);
}

Result<Incident> Casework::merge(IncidentId into, IncidentId from, const std::string& reason, const Actor& actor) {
  TOCSIN_TRY(auto other, incident(from));
  return command(into, command::Absorb{std::move(other), reason}, actor);
}

Result<Incident> Casework::split(IncidentId id, std::vector<rules::AlertId> alerts, const std::string& reason,
                                 const Actor& actor) {
  TOCSIN_TRY(const auto* from, load(id));
  TOCSIN_TRY(auto alias, next_alias());
  const auto fresh = ids_.make(clock_->now(), alerts.empty() ? rules::AlertId{} : alerts.front(), from->revision + 1);
  TOCSIN_CHECK(command(id, command::Split{std::move(alerts), fresh, std::move(alias), reason}, actor));
  return incident(fresh);
}

bool Casework::handover_due() const {
  return std::ranges::any_of(offered_, [&](const auto& offer) { return clock_->now() >= offer.second; });
}

Result<void> Casework::pass_handovers() {
  std::vector<IncidentId> due;
  for (const auto& [id, answer_by] : offered_)
    if (clock_->now() >= answer_by) due.push_back(id);
  for (const auto id : due) TOCSIN_CHECK(command(id, command::PassHandover{}, options_.self));
  return {};
}

Result<Incident> Casework::incident(IncidentId id) {
  TOCSIN_TRY(const auto* found, load(id));
  return *found;
}

}  // namespace tocsin::responders
