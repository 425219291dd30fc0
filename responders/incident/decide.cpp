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

  Result<void> operator()(const command::OfferHandover& c) {
    TOCSIN_CHECK(alive());
    TOCSIN_CHECK(reasoned(c.reason));
    if (!incident_.open()) return fail(Code::conflict, incident_.alias + " is closed; there is nothing to hand over");
    if (incident_.owner.empty())
      return fail(Code::conflict,
                  "nobody has " + incident_.alias + "; take it: tocsin incident take " + incident_.alias);
    if (incident_.owner != actor_.name)
      return fail(Code::denied, incident_.owner + " has " + incident_.alias + ", and only who has it hands it over");
    if (incident_.handover) return fail(Code::conflict, "it is offered to " + incident_.handover->to + " already");
    TOCSIN_CHECK(named(c));
    add(change::HandoverOffered{{c.to, now_ + c.answer_within, c.answer_within, c.next, c.reason}, {}});
    return {};
  }

  Result<void> operator()(const command::AnswerHandover& c) {
    TOCSIN_CHECK(alive());
    TOCSIN_CHECK(reasoned(c.reason));
    if (!incident_.handover) return fail(Code::conflict, incident_.alias + " is not offered to anybody");
    const bool withdrawn = c.how == change::HandoverEnd::withdrawn;
    const std::string& theirs = withdrawn ? incident_.owner : incident_.handover->to;
    if (actor_.name != theirs)
      return fail(Code::denied, "it is " + (withdrawn ? "offered by " : std::string("offered to ")) + theirs +
                                    ", not " + (withdrawn ? "by " : "to ") + actor_.name);
    if (!withdrawn && now_ >= incident_.handover->answer_by)
      return fail(Code::conflict, "the time to answer is over; ask " + incident_.owner + " to offer it again");
    add(change::HandoverEnded{c.how, incident_.handover->to, c.reason});
    return {};
  }

  Result<void> operator()(const command::PassHandover&) {
    TOCSIN_CHECK(alive());
    if (!incident_.handover || now_ < incident_.handover->answer_by) return {};
    Handover offer = *incident_.handover;
    const std::string silent = offer.to;
    if (offer.next.empty()) {
      add(change::HandoverEnded{change::HandoverEnd::unanswered, silent, offer.reason});
      return {};
    }
    offer.to = offer.next.front();
    offer.next.erase(offer.next.begin());
    offer.answer_by = now_ + offer.answer_within;
    add(change::HandoverOffered{std::move(offer), silent});
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
    ids.reserve(moved.size());
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
  // Each of them once, none of them the owner.
  Result<void> named(const command::OfferHandover& c) const {
    constexpr std::size_t next_most = 16;
    constexpr Duration shortest = std::chrono::minutes(1);
    constexpr Duration longest = std::chrono::days(7);
    if (c.next.size() > next_most) return fail(Code::usage, "at most 16 people are asked after the first");
    if (c.answer_within < shortest || c.answer_within > longest)
      return fail(Code::usage, "the time to answer goes from a minute to seven days");
    std::vector<std::string> all = c.next;
    all.push_back(c.to);
    std::ranges::sort(all);
    if (all.front().empty()) return fail(Code::usage, "name whom to hand it to");
    if (std::ranges::find(all, incident_.owner) != all.end())
      return fail(Code::usage, incident_.owner + " has it already; name somebody else");
    if (std::ranges::adjacent_find(all) != all.end()) return fail(Code::usage, "somebody is named twice");
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
