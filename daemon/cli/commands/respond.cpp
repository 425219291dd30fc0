// playbook list, status, run, answer and cancel: what the daemon knows and does. (playbook check and rehearse work
// without it and live in their own file; actions in action.cpp.)

#include "daemon/cli/commands/tables.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

constexpr unsigned client = feature::output | feature::daemon | feature::config;

constexpr Example playbook_list_examples[] = {
    {"tocsin playbook list", "playbooks that are loaded, and what starts them"}};
constexpr Example playbook_status_examples[] = {
    {"tocsin playbook status --incident INC-2026-0042", "what ran or was rehearsed for an incident"}};
constexpr Example playbook_run_examples[] = {
    {"tocsin playbook run ssh-brute-force --incident INC-2026-0042 --reason \"guessing goes on\" --yes",
     "apply it, as the guard's policy allows; waits say what they wait for"},
    {"tocsin playbook run ssh-brute-force --incident INC-2026-0042 --dry-run", "would the guard allow it now?"}};
constexpr Example playbook_answer_examples[] = {
    {"tocsin playbook answer 019aab3c --reason \"passwords reset\"", "you did what the run waits for"},
    {"tocsin playbook answer 019aab3c --failed --reason \"owner cannot be reached\"", "it cannot be done"}};
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
    {.name = "failed", .kind = OptionKind::flag, .value = "", .help = "it could not be done"}};
constexpr OptionRow playbook_cancel_options[] = {run_argument};
constexpr OptionRow playbook_status_options[] = {
    {.name = "run", .kind = OptionKind::positional, .help = "one run, by a unique start of its id"},
    {.name = "incident", .kind = OptionKind::value, .value = "INCIDENT", .help = "only runs of this incident"}};
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
                                   {"effect", "EFFECT", Style::plain, false, true},
                                   {"guard", "GUARD", Style::plain, true, true},
                                   {"key", "KEY", Style::faint, true},
                                   {"run", "RUN", Style::faint, true}};

constexpr std::string_view step_members[] = {"type"};

constexpr CommandRow playbook_rows[] = {
    {.noun = "playbook",
     .verb = "list",
     .summary = "playbooks that are loaded and what starts them",
     .examples = playbook_list_examples,
     .options = {},
     .features = client | feature::rows,
     .columns = playbook_columns,
     .run = relay_rows},
    {.noun = "playbook",
     .verb = "status",
     .summary = "runs and rehearsals, step by step",
     .examples = playbook_status_examples,
     .options = playbook_status_options,
     .features = client | feature::rows | feature::period,
     .columns = run_columns,
     .run = relay_rows},
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
