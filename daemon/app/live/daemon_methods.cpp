#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <tuple>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/counted.h"
#include "collectors/base/text.h"
#include "daemon/app/asked.h"
#include "daemon/app/incident_row.h"
#include "daemon/app/live/call_facts.h"
#include "daemon/app/rule_costs.h"
#include "daemon/store/reader.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
namespace command = responders::command;
using responders::Incident;
using responders::change::HandoverEnd;

// What a verb asks of an incident as it stands: one command after the other.
using Commands = std::vector<responders::Command>;
using MakeCommands = std::function<Result<Commands>(const responders::Incident&, const std::string& reason)>;

// What is shown of an incident that was changed: as it stands now, without the reasons of its alerts.
void reply_changed(Reply& reply, const responders::Incident& after) {
  json::error_code error;
  auto row = json::parse(render_incident_row(after, [](const rules::AlertId&) { return std::string{}; }, {}), error);
  row.as_object()["alerts"] = after.alert_count;  // as incident.list has it
  reply.row(json::serialize(row));
}

Result<void> change_incident(Daemon& daemon, const Call& call, Reply& reply, std::string_view verb,
                             const MakeCommands& make) {
  const bool dry = call.flag("dry_run");
  std::string reason = "dry run";
  if (!dry) {
    TOCSIN_TRY(reason, reason_of(call));
  }
  TOCSIN_TRY(const auto id, incident_of(daemon, call));
  const auto actor = actor_of(call);
  responders::Incident before;
  responders::Incident after;
  if (dry) {
    TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
    TOCSIN_TRY(before, reader->incident(id));
    TOCSIN_TRY(const auto wanted, make(before, reason));
    after = before;
    for (const auto& one : wanted) {
      TOCSIN_TRY(const auto changes, responders::decide(after, one, actor, daemon.clock()));
      for (const auto& change : changes) after = responders::evolve(std::move(after), change);
    }
  } else {
    TOCSIN_CHECK(daemon.on_casework([&](Keeper& keeper) -> Result<void> {
      TOCSIN_TRY(before, keeper.casework().incident(id));
      TOCSIN_TRY(const auto wanted, make(before, reason));
      after = before;
      for (const auto& one : wanted) {
        TOCSIN_TRY(after, keeper.casework().command(id, one, actor));
      }
      return keeper.store().records().add_audit(
          audit_entry(daemon, call, "incident." + std::string(verb), after.alias, reason, "ok"));
    }));
  }
  reply_changed(reply, after);
  const auto owner = after.owner.empty() ? std::string("nobody") : after.owner;
  const bool same = before.revision == after.revision;
  const auto offered =
      after.handover
          ? fmt::format(", offered to {} until {}; {} answers with: tocsin incident accept {}", after.handover->to,
                        render_time(after.handover->answer_by), after.handover->to, after.alias)
          : std::string{};
  reply.summary("message", fmt::format("{} {}{}, with {}{}{}", after.alias, dry ? "would be " : "is ",
                                       responders::state_name(after.state), owner, offered,
                                       same ? "; that is how it was, nothing changed" : ""));
  return {};
}

// Whom nobody knows here can answer nothing here. Somebody without an entry is known by his number.
Result<void> known_person(const std::string& name) {
  if (parse_unsigned(name)) return {};
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return {};
  return fail(Code::not_found, fmt::format("this host has no user {}", escape_terminal(name)));
}

Result<Commands> offer_handover(const Call& call, const Incident&, const std::string& reason) {
  command::OfferHandover out;
  TOCSIN_TRY(out.to, call.require("to"));
  out.next = call.list("then");
  out.reason = reason;
  if (const auto within = call.text("within")) {
    const auto time = parse_duration(*within);
    if (!time) return fail(Code::usage, "--within takes a time such as 30m");
    out.answer_within = *time;
  }
  TOCSIN_CHECK(known_person(out.to));
  for (const auto& name : out.next) TOCSIN_CHECK(known_person(name));
  return Commands{std::move(out)};
}

void add_incident_changes(MethodTable& methods, Daemon& daemon) {
  const auto add = [&](const char* verb, const char* summary,
                       std::function<Result<Commands>(const Call&, const Incident&, const std::string&)> make) {
    methods.add({std::string("incident.") + verb, Role::analyst, summary,
                 [&daemon, verb, make](const Call& call, Reply& reply) {
                   return change_incident(
                       daemon, call, reply, verb,
                       [&](const Incident& now, const std::string& reason) { return make(call, now, reason); });
                 }});
  };
  add("take", "make an incident yours", [](const Call& call, const Incident& now, const std::string& reason) {
    Commands out{command::Assign{call.peer().name}};
    if (now.state == responders::IncidentState::new_) out.emplace_back(command::Start{reason});
    return Result<Commands>(std::move(out));
  });
  add("hand-over", "offer it to somebody else", [](const Call& call, const Incident& now, const std::string& reason) {
    return offer_handover(call, now, reason);
  });
  for (const auto& [verb, summary, how] :
       {std::tuple{"accept", "take over what is offered to you", HandoverEnd::accepted},
        std::tuple{"return", "give back what is offered to you", HandoverEnd::returned},
        std::tuple{"keep", "take an offer back that nobody answered", HandoverEnd::withdrawn}})
    add(verb, summary, [answer = how](const Call&, const Incident&, const std::string& reason) {
      return Result<Commands>(Commands{command::AnswerHandover{answer, reason}});
    });
  add("contain", "it can do no more harm", [](const Call&, const Incident&, const std::string& reason) {
    return Result<Commands>(Commands{command::Contain{reason}});
  });
  add("reopen", "take it up again", [](const Call&, const Incident&, const std::string& reason) {
    return Result<Commands>(Commands{command::Reopen{reason}});
  });
  add("note", "add to its timeline", [](const Call& call, const Incident&, const std::string&) -> Result<Commands> {
    TOCSIN_TRY(auto text, call.require("text"));
    return Commands{command::Note{std::move(text)}};
  });
  add("close", "close with a verdict",
      [](const Call& call, const Incident&, const std::string& reason) -> Result<Commands> {
        TOCSIN_TRY(const auto name, call.require("verdict"));
        const auto verdict = responders::parse_verdict(name);
        if (!verdict)
          return fail(Code::usage,
                      "--verdict is one of true_positive, false_positive, indeterminate, duplicate, other");
        return Commands{command::Close{*verdict, reason, {}}};
      });
}

template <class Kind>
Result<Kind> choice(std::string_view option, std::string_view given, std::initializer_list<Kind> choices) {
  const auto found = std::ranges::find(choices, given, [](Kind k) { return name_of(k); });
  if (found != choices.end()) return *found;
  std::string words;
  for (const auto one : choices) words += (words.empty() ? "" : ", ") + std::string(name_of(one));
  return fail(Code::usage, fmt::format("{} is one of {}", option, words));
}

// Whatever was not said: as long as reports of the kind are, until now.
Result<Period> report_period(const Call& call, ReportKind kind, Time now) {
  using std::chrono::days;
  TOCSIN_TRY(const auto wanted, asked(call));
  Period period;
  period.until = wanted.until.value_or(now);
  period.since = wanted.since.value_or(period.until - (kind == ReportKind::daily    ? days{1}
                                                       : kind == ReportKind::weekly ? days{7}
                                                                                    : days{30}));
  if (period.since >= period.until) return fail(Code::usage, "--since is not before --until; a report needs a period");
  period.name = render_time(period.until);
  return period;
}

Result<void> make_report(Daemon& daemon, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  ReportScope scope;
  scope.host = daemon.host();
  scope.made = daemon.clock().now();
  scope.organization = daemon.config().host.organization;
  TOCSIN_TRY(const auto kind,
             choice("the kind", call.text("kind").value_or("daily"),
                    {ReportKind::daily, ReportKind::weekly, ReportKind::monthly, ReportKind::incident}));
  TOCSIN_TRY(const auto format,
             choice("--format", call.text("format").value_or("html"),
                    {ReportFormat::html, ReportFormat::markdown, ReportFormat::csv, ReportFormat::json}));
  // A person who asks may be told all that the host knows, and says so.
  const auto limit = call.text("max_tlp").value_or("");
  if (const auto tlp = limit == "none" ? rules::Tlp::none : rules::parse_tlp(limit)) scope.max_tlp = *tlp;
  else if (!limit.empty()) return fail(Code::usage, "--max-tlp is one of none, clear, green, amber, amber+strict, red");
  Report report;
  if (kind == ReportKind::incident) {
    TOCSIN_TRY(const auto id, incident_of(daemon, call));
    TOCSIN_TRY(report, make_incident(*reader, id, scope));
  } else {
    TOCSIN_TRY(const auto period, report_period(call, kind, scope.made));
    TOCSIN_TRY(report, make_periodic(*reader, kind, period, scope));
  }
  json::object row;
  row["kind"] = name_of(kind);
  row["format"] = name_of(format);
  row["content"] = render(report, format);
  reply.row(json::serialize(row));
  return {};
}

// Newest first, one row a file; the store keeps a schedule as "<kind> <calendar> <zone>" and a period below it.
Result<void> list_reports(Daemon& daemon, const Call& call, Reply& reply) {
  constexpr std::size_t reports_most = 100'000;
  TOCSIN_TRY(const auto wanted, asked(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  TOCSIN_TRY(const auto reports, reader->records().reports(reports_most));
  RowGate gate(wanted, reply);
  for (const auto& report : reports)
    for (const auto& path : report.files) {
      if (!wanted.in_period(report.made)) continue;
      json::object row;
      row["made"] = render_time(report.made);
      row["kind"] = report.kind.substr(0, report.kind.find(' '));
      row["period"] = report.period.substr(report.period.rfind('/') + 1);
      row["format"] = path.substr(path.rfind('.') + 1);
      std::error_code gone;
      const auto bytes = std::filesystem::file_size(path, gone);
      if (!gone) row["bytes"] = bytes;
      row["path"] = path;
      if (!gate.send(row)) return {};
    }
  return {};
}

Result<void> list_engines(Daemon& daemon, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto wanted, asked(call));
  const auto generation = daemon.generations().current();
  RowGate gate(wanted, reply);
  for (const auto engine :
       {rules::Engine::signature, rules::Engine::sigma, rules::Engine::yara, rules::Engine::indicator}) {
    json::object row;
    row["name"] = rules::engine_name(engine);
    row["state"] = "no rules";
    row["rules"] = 0;
    row["summary"] = "";
    for (const auto& active : generation->engines->active()) {
      if (active.set->engine() != engine) continue;
      row["state"] = "loaded";
      row["rules"] = active.set->rules().size();
      row["summary"] = fmt::format("{}", fmt::join(active.set->remarks(), "; "));
      if (const auto* set = dynamic_cast<const rules::indicator::IndicatorSet*>(active.set.get())) {
        row["rules"] = set->size();
        row["summary"] = counted(set->loads().size(), "list");
      }
    }
    if (!gate.send(row)) break;
  }
  if (generation->refused != 0)
    reply.summary("remark", fmt::format("{} rules were refused; tocsin rule check lists them", generation->refused));
  return {};
}

Result<void> list_rule_costs(Daemon& daemon, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto wanted, asked(call));
  const auto generation = daemon.generations().current();
  RowGate gate(wanted, reply);
  for (const auto& row : rule_costs(*generation->engines)) {
    json::error_code error;
    if (!gate.send(json::parse(render_json(row), error).as_object())) break;
  }
  if (gate.sent() == 0) reply.summary("remark", "no rule has been evaluated since the rules were loaded");
  return {};
}

}  // namespace

void add_daemon_methods(MethodTable& methods, Daemon& daemon) {
  methods.add({"status", Role::viewer, "what is watched, lost, loaded and confined",
               [&daemon](const Call&, Reply& reply) -> Result<void> {
                 reply.row(daemon.status_json());
                 return {};
               }});
  methods.add({"metrics", Role::viewer, "OpenMetrics text", [&daemon](const Call&, Reply& reply) -> Result<void> {
                 json::object row;
                 row["text"] = daemon.metrics().render_openmetrics();
                 reply.row(json::serialize(row));
                 return {};
               }});
  add_incident_changes(methods, daemon);
  methods.add({"list.engines", Role::viewer, "detection engines and their rules",
               [&daemon](const Call& c, Reply& r) { return list_engines(daemon, c, r); }});
  methods.add({"rule.cost", Role::viewer, "what each rule cost since it was loaded, the dearest first",
               [&daemon](const Call& c, Reply& r) { return list_rule_costs(daemon, c, r); }});
  methods.add({"report.make", Role::viewer, "one report now",
               [&daemon](const Call& c, Reply& r) { return make_report(daemon, c, r); }});
  methods.add({"report.list", Role::viewer, "scheduled reports that were made",
               [&daemon](const Call& c, Reply& r) { return list_reports(daemon, c, r); }});
}

}  // namespace tocsin::daemon
