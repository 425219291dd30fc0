// playbook list, status, run, and what people do to a run: all of it the daemon does, and list works without one, too.
// (playbook check and rehearse need none and live in their own file; actions in action.cpp.)

#include <unistd.h>

#include <ostream>
#include <thread>

#include <boost/json.hpp>

#include "daemon/app/live/response_desk.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/configured.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

constexpr unsigned client = feature::output | feature::daemon | feature::config;

constexpr Example playbook_list_examples[] = {
    {"tocsin playbook list", "playbooks that are loaded, and what starts them"}};
constexpr Example playbook_status_examples[] = {
    {"tocsin playbook status --incident INC-2026-0042", "what ran or was rehearsed for an incident"},
    {"tocsin playbook status 019aab3c --follow", "one run, drawn as its playbook, until it is over"}};
constexpr Example playbook_pause_examples[] = {
    {"tocsin playbook pause 019aab3c --reason \"is the host ours?\"", "begin nothing more; its time stands still"}};
constexpr Example playbook_resume_examples[] = {
    {"tocsin playbook resume 019aab3c --reason \"it is\"", "a paused run goes on"}};
constexpr Example playbook_retry_examples[] = {
    {"tocsin playbook retry 019aab3c --reason \"the disk has room again\"", "at the step that failed first"},
    {"tocsin playbook retry 019aab3c --step \"Quarantine the file\" --reason \"mounted\"", "at the step named"}};
constexpr Example playbook_undo_examples[] = {
    {"tocsin playbook undo 019aab3c --reason \"false alarm\" --yes", "take back what a run applied, the newest first"}};
constexpr Example playbook_run_examples[] = {
    {"tocsin playbook run ssh-brute-force --incident INC-2026-0042 --reason \"guessing goes on\" --yes",
     "apply it, as the guard's policy allows; waits say what they wait for"},
    {"tocsin playbook run ssh-brute-force --incident INC-2026-0042 --dry-run", "would the guard allow it now?"}};
constexpr Example playbook_answer_examples[] = {
    {"tocsin playbook answer 019aab3c --reason \"passwords reset\"", "you did what the run waits for"},
    {"tocsin playbook answer 019aab3c --set __approved__=true --reason \"agreed\"", "with what the step asks for"},
    {"tocsin playbook answer 019aab3c --failed --reason \"owner cannot be reached\"", "it cannot be done"}};
constexpr Example playbook_approve_examples[] = {
    {"tocsin playbook approve 019aab3c --reason \"the owner agrees\"", "say yes, in the roles you have"},
    {"tocsin playbook approve 019aab3c --deny --reason \"not in working hours\"", "say no; one is enough"}};
constexpr Example playbook_cancel_examples[] = {{"tocsin playbook cancel 019aab3c --reason \"false alarm\" --yes",
                                                 "end a run; what it applied stays (tocsin action undo)"}};
constexpr OptionRow run_argument = {.name = "run",
                                    .kind = OptionKind::positional,
                                    .value = "",
                                    .help = "a unique start of the run's id (tocsin playbook status)",
                                    .required = true};
constexpr OptionRow playbook_run_options[] = {
    {.name = "playbook",
     .kind = OptionKind::positional,
     .value = "",
     .help = "its short name, title or id (tocsin playbook list)",
     .required = true},
    {.name = "incident",
     .kind = OptionKind::value,
     .value = "INCIDENT",
     .help = "whose facts it works on",
     .required = true},
    {.name = "again", .kind = OptionKind::flag, .value = "", .help = "although it ran for this incident before"}};
constexpr OptionRow playbook_answer_options[] = {
    run_argument,
    {.name = "step", .kind = OptionKind::value, .value = "STEP", .help = "which one, when several wait"},
    {.name = "set", .kind = OptionKind::list, .value = "NAME=VALUE", .help = "a variable of the step's out_args"},
    {.name = "failed", .kind = OptionKind::flag, .value = "", .help = "it could not be done"}};
constexpr OptionRow playbook_approve_options[] = {
    run_argument,
    {.name = "step", .kind = OptionKind::value, .value = "STEP", .help = "which one, when several wait"},
    {.name = "deny", .kind = OptionKind::flag, .value = "", .help = "it is not to be done"}};
constexpr OptionRow playbook_retry_options[] = {
    run_argument,
    {.name = "step", .kind = OptionKind::value, .value = "STEP", .help = "instead of the first that failed"}};
constexpr OptionRow playbook_cancel_options[] = {run_argument};
constexpr OptionRow playbook_status_options[] = {
    {.name = "run", .kind = OptionKind::positional, .help = "one run, by a unique start of its id"},
    {.name = "incident", .kind = OptionKind::value, .value = "INCIDENT", .help = "only runs of this incident"},
    {.name = "graph", .kind = OptionKind::flag, .value = "", .help = "one run, drawn as its playbook"}};
constexpr Column playbook_columns[] = {{"short", "PLAYBOOK", Style::strong},
                                       {"name", "TITLE", Style::plain, false, true},
                                       {"trigger", "STARTED BY", Style::plain, false, true},
                                       {"steps", "STEPS"},
                                       {"actions", "ACTIONS", Style::plain, false, true},
                                       {"state", "STATE", Style::state},
                                       {"file", "FILE", Style::faint, true, true},
                                       {"id", "ID", Style::faint, true}};
constexpr Column run_columns[] = {{"started", "STARTED", Style::time},
                                  {"short", "RUN", Style::strong},
                                  {"playbook_short", "PLAYBOOK"},
                                  {"incident", "INCIDENT"},
                                  {"mode", "MODE"},
                                  {"state", "STATE", Style::state},
                                  {"step", "STEP", Style::plain, false, true},
                                  {"outcome", "OUTCOME", Style::plain, false, true},
                                  {"playbook", "TITLE", Style::plain, true, true},
                                  {"run", "ID", Style::faint, true, true}};

constexpr Column step_columns[] = {{"step", "STEP", Style::strong, false, true},
                                   {"state", "STATE", Style::state},
                                   {"action", "ACTION"},
                                   {"guard", "GUARD", Style::plain, false, true},
                                   {"effect", "EFFECT", Style::plain, false, true},
                                   {"key", "KEY", Style::faint, true},
                                   {"run", "RUN", Style::faint, true}};

constexpr std::string_view step_members[] = {"type"};

// One run, drawn as its playbook; with --follow again whenever it looks different, until it is over. The exit status is
// that of the run.
Result<void> draw_run(CommandContext& context) {
  const bool follow = context.options.flag("follow");
  std::string shown;
  for (;;) {
    std::string text, state;
    TOCSIN_TRY([[maybe_unused]] const auto summary, call_daemon(context, [&](const boost::json::object& row) {
                 if (!context.output.for_people()) {
                   if (!row.empty() && boost::json::serialize(row) != shown) context.output.row(row);
                   shown = boost::json::serialize(row);
                 }
                 if (const auto* drawn = row.if_contains("text")) text = std::string(drawn->as_string());
                 if (const auto* of = row.if_contains("state")) state = std::string(of->as_string());
                 return true;
               }));
    if (context.output.for_people() && text != shown) {
      // On a terminal the picture stays in its place.
      if (follow && ::isatty(STDOUT_FILENO) == 1 && !shown.empty()) context.out << "\x1b[H\x1b[2J";
      context.out << text << state << '\n' << std::flush;
      shown = text;
    }
    const bool under_way = state == "running" || state == "paused" || state == "waiting";
    if (state == "failed") context.exit_status = 1;
    if (!follow || !under_way) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds{500});
  }
}

Result<void> show_status(CommandContext& context) {
  if (!context.options.flag("follow") && !context.options.flag("graph")) return relay_rows(context);
  if (!context.options.text("run"))
    return fail(Code::usage, "name the run to draw: tocsin playbook status RUN --follow (tocsin playbook status)");
  return draw_run(context);
}

// What a daemon has loaded; where none answers, what the configuration names.
Result<void> list_playbooks(CommandContext& context) {
  auto asked = relay_rows(context);
  if (asked || asked.error().code != Code::unreachable || context.output.rows() != 0 || context.options.text("socket"))
    return asked;
  TOCSIN_TRY(const auto config, configured(context));
  Diagnostics diagnostics;
  const auto shelf = PlaybookShelf::load(config.respond, diagnostics);
  for (const auto& d : diagnostics.all())
    if (d.severity == Severity::error) context.err << render_text(d) << '\n';
  MethodTable methods;
  methods.add({"playbook.list", Role::viewer, "playbooks",
               [&](const Call& call, Reply& reply) { return list_shelf(shelf, context.clock, call, reply); }});
  const auto done =
      call_local(methods, method_of(context.command), params_of(context), [&](const boost::json::object& row) {
        context.output.row(row);
        return static_cast<bool>(context.output.text());
      });
  if (!done) return std::unexpected(done.error());
  context.output.finish();
  context.err << "no daemon answers; these are the playbooks that the configuration names\n";
  return {};
}

constexpr CommandRow playbook_rows[] = {
    {.noun = "playbook",
     .verb = "list",
     .summary = "playbooks that are loaded and what starts them",
     .examples = playbook_list_examples,
     .options = {},
     .features = client | feature::rows,
     .columns = playbook_columns,
     .run = list_playbooks},
    {.noun = "playbook",
     .verb = "status",
     .summary = "runs and rehearsals, step by step; one run drawn and followed",
     .examples = playbook_status_examples,
     .options = playbook_status_options,
     .features = client | feature::rows | feature::period | feature::follow,
     .columns = run_columns,
     .run = show_status},
    {.noun = "playbook",
     .verb = "run",
     .summary = "apply a playbook to an incident, as the guard allows",
     .examples = playbook_run_examples,
     .options = playbook_run_options,
     .features = client | feature::change | feature::confirm,
     .columns = step_columns,
     .run = relay_change,
     .members = step_members},
    {.noun = "playbook",
     .verb = "answer",
     .summary = "tell a run that a person did its step",
     .examples = playbook_answer_examples,
     .options = playbook_answer_options,
     .features = client | feature::change,
     .columns = step_columns,
     .run = relay_change,
     .members = step_members},
    {.noun = "playbook",
     .verb = "approve",
     .summary = "agree to a step that people in roles decide",
     .examples = playbook_approve_examples,
     .options = playbook_approve_options,
     .features = client | feature::change,
     .columns = step_columns,
     .run = relay_change,
     .members = step_members},
    {.noun = "playbook",
     .verb = "pause",
     .summary = "hold a run: nothing more begins",
     .examples = playbook_pause_examples,
     .options = playbook_cancel_options,
     .features = client | feature::change,
     .columns = step_columns,
     .run = relay_change,
     .members = step_members},
    {.noun = "playbook",
     .verb = "resume",
     .summary = "let a paused run go on",
     .examples = playbook_resume_examples,
     .options = playbook_cancel_options,
     .features = client | feature::change,
     .columns = step_columns,
     .run = relay_change,
     .members = step_members},
    {.noun = "playbook",
     .verb = "retry",
     .summary = "a failed run goes on at the step that failed",
     .examples = playbook_retry_examples,
     .options = playbook_retry_options,
     .features = client | feature::change,
     .columns = step_columns,
     .run = relay_change,
     .members = step_members},
    {.noun = "playbook",
     .verb = "undo",
     .summary = "take back what a run applied",
     .examples = playbook_undo_examples,
     .options = playbook_cancel_options,
     .features = client | feature::change | feature::confirm,
     .columns = step_columns,
     .run = relay_change,
     .members = step_members},
    {.noun = "playbook",
     .verb = "cancel",
     .summary = "end a run that is under way",
     .examples = playbook_cancel_examples,
     .options = playbook_cancel_options,
     .features = client | feature::change | feature::confirm,
     .columns = step_columns,
     .run = relay_change,
     .members = step_members},
};

}  // namespace

std::span<const CommandRow> playbook_commands() { return playbook_rows; }

}  // namespace tocsin::daemon
