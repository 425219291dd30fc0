#include "responders/incident/decide.h"

#include <algorithm>

namespace tocsin::responders {
namespace {

constexpr std::size_t text_most = 8192;

// One command against one incident; each overload appends its changes.
class Judge {
 public:
  Judge(const Incident& incident, const Actor& actor, Time now) : incident_(incident), actor_(actor), now_(now) {}

  std::vector<Change> take() { return std::move(changes_); }

  Result<void> operator()(const command::Open& c) {
    if (incident_.id) return fail(Code::conflict, incident_.alias + " is open already");
    const auto alert = summarize(c.alert);
    add(c.id, change::Opened{c.alias, alert.title, alert.host, c.organization, c.alert.exercise});
    add(c.id, change::AlertAdded{alert, rate_severity({alert})});
    return {};
  }

  Result<void> operator()(const command::AddAlert& c) {
    TOCSIN_CHECK(alive());
    const auto alert = summarize(c.alert);
    for (const auto& known : incident_.alerts) {
      if (known.id == alert.id) return {};
      if (known.rule == alert.rule && known.engine == alert.engine && known.entities == alert.entities) {
        add(change::AlertRepeated{known.id, alert.id, alert.time, alert.count});
        return {};
      }
    }
    auto all = incident_.alerts;
    all.push_back(alert);
    add(change::AlertAdded{alert, incident_.severity_pinned ? incident_.severity : rate_severity(all)});
    return {};
  }

  Result<void> operator()(const command::Start& c) { return advance(IncidentState::in_progress, c.reason); }
  Result<void> operator()(const command::Contain& c) { return advance(IncidentState::contained, c.reason); }

  Result<void> operator()(const command::Close& c) {
    TOCSIN_CHECK(alive());
    TOCSIN_CHECK(reasoned(c.reason));
    if (!incident_.open()) return fail(Code::conflict, incident_.alias + " is closed already; reopen it first");
    Time ended = c.ended;
    if (ended == Time{}) ended = c.verdict == Verdict::true_positive ? incident_.times.last_event : now_;
    add(change::StateChanged{IncidentState::closed, c.verdict, ended, c.reason});
    return {};
  }

  Result<void> operator()(const command::Reopen& c) {
    TOCSIN_CHECK(alive());
    TOCSIN_CHECK(reasoned(c.reason));
    if (incident_.state != IncidentState::closed && incident_.state != IncidentState::contained)
      return fail(Code::conflict, incident_.alias + " is " + std::string(state_name(incident_.state)) +
                                      ": only a closed or contained incident can be reopened");
    add(change::Reopened{c.reason});
    return {};
  }

  Result<void> operator()(const command::Note& c) {
    TOCSIN_CHECK(alive());
    if (c.text.empty()) return fail(Code::usage, "the note is empty; give it a text");
    if (c.text.size() > text_most)
      return fail(Code::usage, "the note is longer than 8192 bytes; attach it as evidence");
    add(change::Noted{c.text});
    return {};
  }

  Result<void> operator()(const command::Assign& c) {
    TOCSIN_CHECK(alive());
    if (c.owner != incident_.owner) add(change::Assigned{c.owner});
    return {};
  }

  Result<void> operator()(const command::Retitle& c) {
    TOCSIN_CHECK(alive());
    if (c.title.empty() || c.title.size() > 256) return fail(Code::usage, "a title has 1 to 256 bytes");
    if (c.title != incident_.title) add(change::Retitled{c.title});
    return {};
  }

  Result<void> operator()(const command::Rate& c) {
    TOCSIN_CHECK(alive());
    TOCSIN_CHECK(reasoned(c.reason));
    if (c.severity > 100) return fail(Code::usage, "severity goes from 0 to 100");
    add(change::Rated{c.severity, c.reason});
    return {};
  }

  Result<void> operator()(const command::Absorb& c) {
    TOCSIN_CHECK(alive());
    TOCSIN_CHECK(reasoned(c.reason));
    if (!c.other.id || c.other.id == incident_.id) return fail(Code::usage, "an incident cannot be merged with itself");
    if (c.other.merged_into) return fail(Code::conflict, c.other.alias + " was merged already");
    if (!incident_.open()) return fail(Code::conflict, incident_.alias + " is closed; reopen it first");
    if (c.other.exercise != incident_.exercise)
      return fail(Code::conflict, "an exercise cannot be merged with a real incident");
    auto all = incident_.alerts;
    all.insert(all.end(), c.other.alerts.begin(), c.other.alerts.end());
    add(change::Absorbed{c.other.id, c.other.alias, c.other.alerts, c.other.evidence, c.other.timeline,
                         c.other.alert_count, incident_.severity_pinned ? incident_.severity : rate_severity(all),
                         c.reason});
    add(c.other.id, change::Merged{incident_.id, incident_.alias, c.reason});
    return {};
  }

  Result<void> operator()(const command::Split& c) {
    TOCSIN_CHECK(alive());
    TOCSIN_CHECK(reasoned(c.reason));
    std::vector<IncidentAlert> moved;
    std::vector<IncidentAlert> left;
    for (const auto& alert : incident_.alerts)
      (std::ranges::find(c.alerts, alert.id) != c.alerts.end() ? moved : left).push_back(alert);
    if (moved.empty() || moved.size() < c.alerts.size())
      return fail(Code::not_found, "not all of these alerts are in " + incident_.alias +
                                       "; list them with `tocsin incident show " + incident_.alias + "`");
    if (left.empty()) return fail(Code::conflict, "a split must leave at least one alert in " + incident_.alias);
    const auto severity = incident_.severity_pinned ? incident_.severity : rate_severity(left);
    std::vector<rules::AlertId> ids;
    for (const auto& alert : moved) ids.push_back(alert.id);
    add(change::SplitOff{c.id, c.alias, std::move(ids), severity, c.reason});
    const auto& first = moved.front();
    add(c.id, change::Opened{c.alias, first.title, first.host, incident_.organization, incident_.exercise});
    std::vector<IncidentAlert> so_far;
    for (auto& alert : moved) {
      so_far.push_back(alert);
      add(c.id, change::AlertAdded{std::move(alert), rate_severity(so_far)});
    }
    add(c.id, change::Noted{"split off from " + incident_.alias + ": " + c.reason});
    return {};
  }

  Result<void> operator()(const command::AddEvidence& c) {
    TOCSIN_CHECK(alive());
    for (const auto& known : incident_.evidence)
      if (known.digest == c.evidence.digest) return {};
    add(change::EvidenceAdded{c.evidence});
    return {};
  }

  Result<void> operator()(const command::RecordRun& c) {
    TOCSIN_CHECK(alive());
    add(ChangeBody(c.run));
    return {};
  }

 private:
  void add(ChangeBody body) { add(incident_.id, std::move(body)); }
  void add(IncidentId id, ChangeBody body) { changes_.push_back(Change{id, now_, actor_, std::move(body)}); }

  Result<void> alive() const {
    if (!incident_.id) return fail(Code::not_found, "there is no such incident; list them with `tocsin incident list`");
    if (incident_.merged_into)
      return fail(Code::conflict, incident_.alias + " was merged into incident " +
                                      render_uuid(incident_.merged_into.uuid) + "; use that one");
    return {};
  }
  static Result<void> reasoned(const std::string& reason) {
    if (reason.empty()) return fail(Code::usage, "a change of state needs a reason; add --reason TEXT");
    if (reason.size() > text_most) return fail(Code::usage, "the reason is longer than 8192 bytes; shorten it");
    return {};
  }
  Result<void> advance(IncidentState to, const std::string& reason) {
    TOCSIN_CHECK(alive());
    TOCSIN_CHECK(reasoned(reason));
    if (incident_.state >= to)
      return fail(Code::conflict, incident_.alias + " is " + std::string(state_name(incident_.state)) + " already" +
                                      (incident_.open() ? "" : "; reopen it first"));
    add(change::StateChanged{to, std::nullopt, Time{}, reason});
    return {};
  }

  const Incident& incident_;
  const Actor& actor_;
  const Time now_;
  std::vector<Change> changes_;
};

}  // namespace

Result<std::vector<Change>> decide(const Incident& incident, const Command& command, const Actor& actor,
                                   const Clock& clock) {
  Judge judge(incident, actor, clock.now());
  TOCSIN_CHECK(std::visit(judge, command));
  return judge.take();
}

}  // namespace tocsin::responders
