#pragma once
// What can happen to an incident. Changes are facts: written once, hash-chained in the journal, folded by `evolve`.
// The JSON form is versioned ("v":1); a reader refuses a newer version, and never drops what it does not understand.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "collectors/base/result.h"
#include "responders/incident/incident.h"

namespace tocsin::responders {

namespace change {

struct Opened {
  std::string alias;
  std::string title;
  std::string host;
  std::string organization;
  Exercise exercise = Exercise::no;
  friend bool operator==(const Opened&, const Opened&) = default;
};
struct AlertAdded {
  IncidentAlert alert;
  std::uint8_t severity = 0;  // of the incident with this alert
  friend bool operator==(const AlertAdded&, const AlertAdded&) = default;
};
struct AlertRepeated {
  rules::AlertId first;  // the alert it is folded into
  rules::AlertId id;
  Time time{};
  std::uint64_t count = 1;
  friend bool operator==(const AlertRepeated&, const AlertRepeated&) = default;
};
struct StateChanged {
  IncidentState to = IncidentState::new_;
  std::optional<Verdict> verdict;  // with closed
  Time ended{};                    // with closed
  std::string reason;
  friend bool operator==(const StateChanged&, const StateChanged&) = default;
};
struct Reopened {
  std::string reason;
  friend bool operator==(const Reopened&, const Reopened&) = default;
};
struct Noted {
  std::string text;
  friend bool operator==(const Noted&, const Noted&) = default;
};
struct Assigned {
  std::string owner;  // empty: nobody
  friend bool operator==(const Assigned&, const Assigned&) = default;
};
// To the first, or after `silent` did not answer to the next.
struct HandoverOffered {
  Handover offer;
  std::string silent;
  friend bool operator==(const HandoverOffered&, const HandoverOffered&) = default;
};
enum class HandoverEnd : std::uint8_t { accepted, returned, withdrawn, unanswered };
struct HandoverEnded {
  HandoverEnd how = HandoverEnd::unanswered;
  std::string who;  // it was offered to
  std::string reason;
  friend bool operator==(const HandoverEnded&, const HandoverEnded&) = default;
};
struct Retitled {
  std::string title;
  friend bool operator==(const Retitled&, const Retitled&) = default;
};
struct Rated {
  std::uint8_t severity = 0;
  std::string reason;
  friend bool operator==(const Rated&, const Rated&) = default;
};
// This incident takes in all that another one knew.
struct Absorbed {
  IncidentId other;
  std::string other_alias;
  std::vector<IncidentAlert> alerts;
  std::vector<EvidenceRef> evidence;
  std::vector<TimelineEntry> timeline;
  std::uint64_t alert_count = 0;
  std::uint8_t severity = 0;
  std::string reason;
  friend bool operator==(const Absorbed&, const Absorbed&) = default;
};
// This incident goes on as another one.
struct Merged {
  IncidentId into;
  std::string into_alias;
  std::string reason;
  friend bool operator==(const Merged&, const Merged&) = default;
};
struct SplitOff {
  IncidentId into;
  std::string into_alias;
  std::vector<rules::AlertId> alerts;
  std::uint8_t severity = 0;  // of what is left
  std::string reason;
  friend bool operator==(const SplitOff&, const SplitOff&) = default;
};
struct EvidenceAdded {
  EvidenceRef evidence;
  friend bool operator==(const EvidenceAdded&, const EvidenceAdded&) = default;
};
// A playbook run reports: one entry for its start, each step's outcome, and its end.
enum class RunPhase : std::uint8_t { started, step, finished };
struct RunRecorded {
  RunId run;
  std::string playbook;  // its name
  RunPhase phase = RunPhase::step;
  std::string step;        // step name; empty for start and end
  std::string action;      // "network.block_address"; empty when the step is no action
  std::string mode;        // "rehearse" or "apply"
  std::string outcome;     // "forecast", "applied", "failed", "undone", "refused", "unknown", …
  std::string text;        // what it did or would do
  bool contained = false;  // a containment took hold
  friend bool operator==(const RunRecorded&, const RunRecorded&) = default;
};

}  // namespace change

using ChangeBody = std::variant<change::Opened, change::AlertAdded, change::AlertRepeated, change::StateChanged,
                                change::Reopened, change::Noted, change::Assigned, change::Retitled, change::Rated,
                                change::Absorbed, change::Merged, change::SplitOff, change::EvidenceAdded,
                                change::RunRecorded, change::HandoverOffered, change::HandoverEnded>;

struct Change {
  IncidentId incident;
  Time time{};
  Actor actor;
  ChangeBody body;
  friend bool operator==(const Change&, const Change&) = default;
};
std::string_view change_name(const ChangeBody& body) noexcept;  // "opened", "alert_added", …

// One line of JSON; the same change is the same bytes.
std::string render_json(const Change& change);
Result<Change> parse_change(std::string_view json);

}  // namespace tocsin::responders
