#pragma once
// What may be asked of an incident, and what follows from it. `decide` judges, `evolve` applies; both are pure and
// total: no clock but the one handed in, no store, no order of threads.

#include <string>
#include <variant>
#include <vector>

#include "collectors/base/result.h"
#include "responders/incident/change.h"

namespace tocsin::responders {

namespace command {

struct Open {  // on an empty incident: opens it with its first alert
  IncidentId id;
  std::string alias;
  std::string organization;
  rules::Alert alert;
};
struct AddAlert {
  rules::Alert alert;
};
struct Start {  // → in progress
  std::string reason;
};
struct Contain {
  std::string reason;
};
struct Close {
  Verdict verdict = Verdict::indeterminate;
  std::string reason;
  Time ended{};  // zero: the last event, or now for a false positive
};
struct Reopen {  // closed or contained → in progress
  std::string reason;
};
struct Note {
  std::string text;
};
struct Assign {
  std::string owner;
};
// One owner at a time: who offers it stays in charge until the other accepts. Silence goes to the next in line; when
// nobody is left it stays with the owner, and the timeline says so.
struct OfferHandover {  // by the owner
  std::string to;
  std::vector<std::string> next;
  Duration answer_within = std::chrono::hours(1);
  std::string reason;
};
struct AnswerHandover {  // by whom it is offered to; withdrawn: by the owner
  change::HandoverEnd how = change::HandoverEnd::accepted;
  std::string reason;
};
struct PassHandover {};  // its time is over; nothing when it is not
struct Retitle {
  std::string title;
};
struct Rate {
  std::uint8_t severity = 0;
  std::string reason;
};
struct Absorb {  // merge `other` into this one
  Incident other;
  std::string reason;
};
struct Split {  // some alerts become an incident of their own
  std::vector<rules::AlertId> alerts;
  IncidentId id;
  std::string alias;
  std::string reason;
};
struct AddEvidence {
  EvidenceRef evidence;
};
struct RecordRun {
  change::RunRecorded run;
};

}  // namespace command

using Command = std::variant<command::Open, command::AddAlert, command::Start, command::Contain, command::Close,
                             command::Reopen, command::Note, command::Assign, command::Retitle, command::Rate,
                             command::Absorb, command::Split, command::AddEvidence, command::RecordRun,
                             command::OfferHandover, command::AnswerHandover, command::PassHandover>;

// The changes, in order; merge and split give changes for two incidents. Nothing for what is known already (an alert
// that is in the incident, the owner it has). Errors: usage (a reason is missing), conflict (the state does not permit
// it, merged away), not_found (alerts to split that are not there).
Result<std::vector<Change>> decide(const Incident& incident, const Command& command, const Actor& actor,
                                   const Clock& clock);

// A change of another incident leaves it as it is.
Incident evolve(Incident incident, const Change& change);
Incident fold(const std::vector<Change>& changes, IncidentId id);

}  // namespace tocsin::responders
