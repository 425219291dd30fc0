// incident list, show and the verbs that change one.

#include <boost/json.hpp>

#include "daemon/cli/commands/tables.h"
#include "daemon/cli/incident_view.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

Result<void> show_incident(CommandContext& context) {
  const auto summary = call_daemon(context, [&](const boost::json::object& row) {
    if (context.output.draws()) draw_incident(context.output, row);
    else context.output.row(row);
    return true;
  });
  if (!summary) return std::unexpected(summary.error());
  return {};
}

constexpr Example list_examples[] = {
    {"tocsin incident list", "open incidents, worst first"},
    {"tocsin incident list --state all --since -7d", "everything of the last week"},
    {"tocsin incident list --where 'severity >= 70 and owner = \"\"'", "bad ones that nobody has taken"}};
constexpr Example show_examples[] = {
    {"tocsin incident show INC-2026-0042", "timeline, reasons and response of one incident"},
    {"tocsin incident show 0042 -o json", "the same for a script; the number alone is enough"}};
constexpr Example export_examples[] = {
    {"tocsin incident export INC-2026-0042 > incident.json", "for whoever is to know of it, as a STIX 2.1 bundle"},
    {"tocsin incident export 0042 --max-tlp green", "without what is marked stricter than TLP:GREEN"}};
constexpr Example take_examples[] = {
    {"tocsin incident take INC-2026-0042 --reason \"on shift\"", "make it yours; it is in progress from here"}};
constexpr Example hand_over_examples[] = {
    {"tocsin incident hand-over INC-2026-0042 --to bao --reason \"end of shift\"",
     "offer it; it stays yours until bao accepts"},
    {"tocsin incident hand-over INC-2026-0042 --to bao --then chi --within 30m --reason \"beyond us\"",
     "when bao is silent for half an hour, chi is asked"}};
constexpr Example accept_examples[] = {
    {"tocsin incident accept INC-2026-0042 --reason \"read the timeline, it is mine\"", "take over what is offered"}};
constexpr Example return_examples[] = {
    {"tocsin incident return INC-2026-0042 --reason \"not my systems\"", "say no to what is offered"}};
constexpr Example keep_examples[] = {
    {"tocsin incident keep INC-2026-0042 --reason \"bao is ill\"", "take back an offer of yours"}};
constexpr Example contain_examples[] = {
    {"tocsin incident contain INC-2026-0042 --reason \"address blocked, shell removed\" --yes",
     "say that it can do no more harm"}};
constexpr Example close_examples[] = {
    {"tocsin incident close INC-2026-0042 --verdict true_positive --reason \"cleaned, password changed\"",
     "close with a verdict"}};
constexpr Example reopen_examples[] = {
    {"tocsin incident reopen INC-2026-0042 --reason \"the address is back\"", "take up a closed one again"}};
constexpr Example note_examples[] = {
    {"tocsin incident note INC-2026-0042 \"owner confirms: not their upload\" --reason \"phone call\"",
     "add to the timeline"}};

#define TOCSIN_INCIDENT_ARGUMENT                                                \
  {.name = "incident",                                                          \
   .kind = OptionKind::positional,                                              \
   .help = "INC-2026-0042, 42, or a unique start of its id, at least 4 digits", \
   .required = true}
constexpr OptionRow list_options[] = {{.name = "state",
                                       .kind = OptionKind::value,
                                       .value = "STATE",
                                       .help = "default: open, which is all but closed",
                                       .choices = "open|new|in_progress|contained|closed|all"},
                                      {.name = "exercise",
                                       .kind = OptionKind::flag,
                                       .value = "",
                                       .help = "exercises too; without it only their number is told"}};
constexpr OptionRow one[] = {TOCSIN_INCIDENT_ARGUMENT};
constexpr OptionRow export_options[] = {TOCSIN_INCIDENT_ARGUMENT,
                                        {.name = "format",
                                         .kind = OptionKind::value,
                                         .value = "FORMAT",
                                         .help = "default: stix, a STIX 2.1 bundle",
                                         .choices = "stix"},
                                        {.name = "max-tlp",
                                         .kind = OptionKind::value,
                                         .value = "TLP",
                                         .help = "the strictest marking that is told; default amber",
                                         .choices = "none|clear|green|amber|amber+strict|red"}};
constexpr OptionRow close_options[] = {TOCSIN_INCIDENT_ARGUMENT,
                                       {.name = "verdict",
                                        .kind = OptionKind::value,
                                        .value = "VERDICT",
                                        .help = "what it was",
                                        .choices = "true_positive|false_positive|indeterminate|duplicate|other",
                                        .required = true}};
constexpr OptionRow hand_over_options[] = {
    TOCSIN_INCIDENT_ARGUMENT,
    {.name = "to", .kind = OptionKind::value, .value = "USER", .help = "who is to have it", .required = true},
    {.name = "then", .kind = OptionKind::list, .value = "USER", .help = "who is asked next when there is no answer"},
    {.name = "within", .kind = OptionKind::value, .value = "TIME", .help = "time to answer; default 1h"}};
constexpr OptionRow note_options[] = {
    TOCSIN_INCIDENT_ARGUMENT, {.name = "text", .kind = OptionKind::positional, .help = "the note", .required = true}};
#undef TOCSIN_INCIDENT_ARGUMENT

constexpr Column columns[] = {{"alias", "INCIDENT", Style::strong},
                              {"severity", "SEV", Style::severity},
                              {"state", "STATE", Style::state},
                              {"title", "TITLE", Style::plain, false, true},
                              {"host", "HOST", Style::plain, false, true},
                              {"alerts", "ALERTS"},
                              {"first", "FIRST", Style::time, true},
                              {"last", "LAST", Style::time},
                              {"owner", "OWNER"},
                              {"verdict", "VERDICT", Style::plain, true},
                              {"exercise", "EXERCISE", Style::faint, true},
                              {"id", "ID", Style::faint, true}};
// An incident with all that belongs to it.
constexpr std::string_view members[] = {"alert_count", "summary",  "offered_to", "answer_by", "entities",
                                        "attack",      "timeline", "playbooks",  "evidence",  "next"};
constexpr unsigned client = feature::output | feature::daemon | feature::config;

constexpr CommandRow rows[] = {
    {.noun = "incident",
     .verb = "list",
     .summary = "incidents that need somebody, worst first",
     .examples = list_examples,
     .options = list_options,
     .features = client | feature::store | feature::rows | feature::period | feature::follow,
     .columns = columns,
     .run = relay_rows},
    {.noun = "incident",
     .verb = "show",
     .summary = "one incident: timeline, reasons, response",
     .examples = show_examples,
     .options = one,
     .features = client | feature::store | feature::single,
     .columns = columns,
     .run = show_incident,
     .members = members},
    {.noun = "incident",
     .verb = "export",
     .summary = "an incident as STIX 2.1, for others",
     .examples = export_examples,
     .options = export_options,
     .features = feature::daemon | feature::store | feature::config,
     .run = relay_text,
     .details =
         "Incident, observed data, indicators with sightings, techniques and what was done, each marked (TLP 2.0).\n"
         "The ids follow from the incident: a later export is a newer version of the same objects."},
    {.noun = "incident",
     .verb = "take",
     .summary = "make an incident yours; new becomes in progress",
     .examples = take_examples,
     .options = one,
     .features = client | feature::change,
     .columns = columns,
     .run = relay_change,
     .members = members},
    {.noun = "incident",
     .verb = "hand-over",
     .summary = "offer an incident of yours to somebody else",
     .examples = hand_over_examples,
     .options = hand_over_options,
     .features = client | feature::change,
     .columns = columns,
     .run = relay_change,
     .members = members},
    {.noun = "incident",
     .verb = "accept",
     .summary = "take over an incident that is offered to you",
     .examples = accept_examples,
     .options = one,
     .features = client | feature::change,
     .columns = columns,
     .run = relay_change,
     .members = members},
    {.noun = "incident",
     .verb = "return",
     .summary = "give back an incident that is offered to you",
     .examples = return_examples,
     .options = one,
     .features = client | feature::change,
     .columns = columns,
     .run = relay_change,
     .members = members},
    {.noun = "incident",
     .verb = "keep",
     .summary = "take back an offer that nobody answered",
     .examples = keep_examples,
     .options = one,
     .features = client | feature::change,
     .columns = columns,
     .run = relay_change,
     .members = members},
    {.noun = "incident",
     .verb = "contain",
     .summary = "mark an incident contained",
     .examples = contain_examples,
     .options = one,
     .features = client | feature::change | feature::confirm,
     .columns = columns,
     .run = relay_change,
     .members = members},
    {.noun = "incident",
     .verb = "close",
     .summary = "close an incident with a verdict",
     .examples = close_examples,
     .options = close_options,
     .features = client | feature::change,
     .columns = columns,
     .run = relay_change,
     .members = members},
    {.noun = "incident",
     .verb = "reopen",
     .summary = "take up a closed incident again",
     .examples = reopen_examples,
     .options = one,
     .features = client | feature::change,
     .columns = columns,
     .run = relay_change,
     .members = members},
    {.noun = "incident",
     .verb = "note",
     .summary = "add a note to the timeline",
     .examples = note_examples,
     .options = note_options,
     .features = client | feature::change,
     .columns = columns,
     .run = relay_change,
     .members = members},
};

}  // namespace

std::span<const CommandRow> incident_commands() { return rows; }

}  // namespace tocsin::daemon
