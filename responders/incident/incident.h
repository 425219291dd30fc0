#pragma once
// An incident: everything known of one intrusion. It is never stored as such: it is the fold (`evolve`) of its changes,
// so nothing is ever deleted and every state can be explained. Plain value; whoever holds one owns it.
// Metrics follow the formulas of TheHive's key performance indicators.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/digest.h"
#include "collectors/base/id.h"
#include "collectors/base/time.h"
#include "rules/alert.h"

namespace tocsin::responders {

enum class IncidentState : std::uint8_t { new_, in_progress, contained, closed };
std::string_view state_name(IncidentState state) noexcept;  // "new", "in_progress", …
std::optional<IncidentState> parse_state(std::string_view name) noexcept;

enum class Verdict : std::uint8_t { true_positive, false_positive, indeterminate, duplicate, other };
std::string_view verdict_name(Verdict verdict) noexcept;
std::optional<Verdict> parse_verdict(std::string_view name) noexcept;

// Who asked for a change. The daemon itself is "tocsind" with its own uid.
struct Actor {
  static constexpr std::uint32_t nobody = 0xFFFFFFFF;  // no such uid, or no login uid (as the kernel has it)
  std::uint32_t uid = nobody;
  std::uint32_t login_uid = nobody;
  std::string name;
  friend bool operator==(const Actor&, const Actor&) = default;
};

// Whether the source address is the sender's own. answered: it took part in a TCP connection, which nobody can in
// another's name. forgeable: anybody could have written it (UDP, ICMP, a SYN).
enum class SourceTrust : std::uint8_t { unknown, answered, forgeable };
std::string_view source_trust_name(SourceTrust trust) noexcept;
std::optional<SourceTrust> parse_source_trust(std::string_view name) noexcept;

// What a response wants to know and the whole alert alone tells. Empty and 0: it does not.
struct ResponseFacts {
  std::uint32_t process = 0;  // number of the one that did it, where its file is known too
  std::string executable;     // that file
  std::string unit;           // of systemd, that it belongs to: "nginx.service"
  std::string key;            // of SSH, that somebody got in with: "SHA256:…"
  SourceTrust source = SourceTrust::unknown;
  friend bool operator==(const ResponseFacts&, const ResponseFacts&) = default;
};
ResponseFacts facts_of(const rules::Alert& alert);

// The short of an alert; the store keeps the whole. Repeats (same rule, same entities) are folded into the first.
struct IncidentAlert {
  rules::AlertId id;
  Time time{};
  Time last{};
  std::uint64_t count = 1;
  rules::Engine engine = rules::Engine::sigma;
  std::string rule;
  std::string title;
  std::uint8_t severity = 0;
  std::string host;
  std::vector<std::string> attack;
  std::vector<rules::Entity> entities;
  ResponseFacts facts = {};
  rules::Tlp tlp = rules::Tlp::none;
  friend bool operator==(const IncidentAlert&, const IncidentAlert&) = default;
};
IncidentAlert summarize(const rules::Alert& alert);

enum class TimelineKind : std::uint8_t {
  opened,
  alert,
  state,
  note,
  owner,
  severity,
  merge,
  split,
  evidence,
  playbook
};
std::string_view timeline_kind_name(TimelineKind kind) noexcept;
std::optional<TimelineKind> parse_timeline_kind(std::string_view name) noexcept;

struct TimelineEntry {
  Time time{};
  TimelineKind kind = TimelineKind::note;
  std::string text;
  Actor actor;
  friend bool operator==(const TimelineEntry&, const TimelineEntry&) = default;
};

struct EvidenceRef {
  Sha256 digest{};
  std::string name;
  std::uint64_t size = 0;
  Time collected{};
  friend bool operator==(const EvidenceRef&, const EvidenceRef&) = default;
};

// Zero = has not happened.
struct IncidentTimes {
  Time first_event{};  // the earliest alert, by the source's clock
  Time last_event{};
  Time opened{};
  Time in_progress{};
  Time contained{};  // by a person or the first successful containment
  Time closed{};     // when somebody said so
  Time ended{};      // when it was over; may be set apart from `closed`
  friend bool operator==(const IncidentTimes&, const IncidentTimes&) = default;
};

// The owner offered the incident to somebody who has not answered yet; until then it stays the owner's.
struct Handover {
  std::string to;
  Time answer_by{};
  Duration answer_within{};
  std::vector<std::string> next;  // who is asked on silence, in order
  std::string reason;
  friend bool operator==(const Handover&, const Handover&) = default;
};

struct Incident {
  static constexpr std::size_t alerts_most = 5000;
  static constexpr std::size_t entities_most = 2000;
  static constexpr std::size_t timeline_most = 5000;

  IncidentId id;
  std::string alias;  // "INC-2026-0042": local, for people
  std::string title;  // of the most severe alert so far, unless a person named it
  bool title_pinned = false;
  std::uint8_t severity = 0;     // 0-100
  bool severity_pinned = false;  // a person rated it; alerts no longer do
  IncidentState state = IncidentState::new_;
  std::optional<Verdict> verdict;
  // The strictest of all alerts it ever had: title and timeline may tell of any.
  rules::Tlp tlp = rules::Tlp::none;
  std::string host;  // of the opening alert
  std::string organization;
  std::string owner;
  std::optional<Handover> handover;
  Exercise exercise = Exercise::no;
  IncidentTimes times;
  std::vector<IncidentAlert> alerts;    // in the order they were added
  std::vector<rules::Entity> entities;  // sorted, unique
  std::vector<TimelineEntry> timeline;  // by time, then by arrival
  std::vector<EvidenceRef> evidence;
  IncidentId merged_into;         // set once it was merged away
  std::uint64_t alert_count = 0;  // with repeats, and those beyond the caps
  std::uint64_t beyond_caps = 0;  // alerts, entities and timeline entries not kept here
  std::uint64_t revision = 0;     // number of changes folded; a command may demand it
  Time updated{};

  bool open() const noexcept { return state != IncidentState::closed; }
  friend bool operator==(const Incident&, const Incident&) = default;
};

// The severity of an incident: the highest alert severity, plus 5 for each ATT&CK tactic beyond the first (at most 15)
// and 5 for each engine beyond the first (at most 10), at most 100. A rule that names techniques but no tactic counts
// by its parent techniques. Tocsin's own health alerts (engine self) add no tactic or engine.
std::uint8_t rate_severity(const std::vector<IncidentAlert>& alerts) noexcept;
// Distinct tactics, sorted: "credential-access", or "T1110" where only a technique is named.
std::vector<std::string> tactics_of(const std::vector<std::string>& attack);

// What may be told of an incident where its marking lets nothing of its content through: number, host, severity, state,
// times and how many alerts; no title, entity, alert, note or evidence.
Incident withhold(const Incident& incident);

// Absent when one of its ends has not happened.
struct IncidentMetrics {
  std::optional<Duration> to_detect;       // opened - first event
  std::optional<Duration> to_triage;       // in progress - opened
  std::optional<Duration> to_acknowledge;  // in progress - first event
  std::optional<Duration> to_qualify;      // closed - opened
  std::optional<Duration> to_contain;      // contained - first event
  std::optional<Duration> to_resolve;      // ended - in progress
};
IncidentMetrics measure(const Incident& incident) noexcept;

// One object with stable names: "incident.id", "incident.alias", …; for `-o json` and reports.
std::string render_json(const Incident& incident);
// Markdown an analyst reads: head, alerts, timeline.
std::string render_markdown(const Incident& incident);

}  // namespace tocsin::responders
