// playbook list and status; action list, halt and undo. (playbook check, rehearse and run work without the daemon and
// live in their own file.)

#include "daemon/cli/commands/tables.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

constexpr unsigned client = feature::output | feature::daemon | feature::config;

constexpr Example playbook_list_examples[] = {
    {"tocsin playbook list", "playbooks that are loaded, and what starts them"}};
constexpr Example playbook_status_examples[] = {
    {"tocsin playbook status --incident INC-2026-0042", "what ran or was rehearsed for an incident"}};
constexpr OptionRow playbook_status_options[] = {
    {.name = "run", .kind = OptionKind::positional, .help = "one run, by a unique start of its id"},
    {.name = "incident", .kind = OptionKind::value, .value = "INCIDENT", .help = "only runs of this incident"}};
constexpr Column playbook_columns[] = {{"name", "PLAYBOOK", Style::strong, false, true},
                                       {"trigger", "STARTED BY", Style::plain, false, true},
                                       {"steps", "STEPS"},
                                       {"actions", "ACTIONS", Style::plain, false, true},
                                       {"state", "STATE", Style::state},
                                       {"file", "FILE", Style::faint, true, true},
                                       {"id", "ID", Style::faint, true}};
constexpr Column run_columns[] = {{"started", "STARTED", Style::time},
                                  {"playbook", "PLAYBOOK", Style::strong, false, true},
                                  {"incident", "INCIDENT"},
                                  {"mode", "MODE"},
                                  {"state", "STATE", Style::state},
                                  {"step", "STEP", Style::plain, false, true},
                                  {"outcome", "OUTCOME", Style::plain, false, true},
                                  {"run", "RUN", Style::faint, false, true}};

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
};

constexpr Example action_list_examples[] = {
    {"tocsin action list", "what was rehearsed, applied and undone on this host"},
    {"tocsin action list --where 'state = applied'", "what is in force now"}};
constexpr Example action_halt_examples[] = {
    {"tocsin action halt --reason \"wrong address blocked\" --yes", "stop all actions now; rehearsals go on"},
    {"tocsin action halt --resume --reason \"guard policy corrected\" --yes", "allow them again"}};
constexpr OptionRow action_halt_options[] = {
    {.name = "resume", .kind = OptionKind::flag, .value = "", .help = "allow actions again"}};
constexpr Column action_columns[] = {{"time", "TIME", Style::time},
                                     {"action", "ACTION", Style::strong},
                                     {"target", "TARGET", Style::plain, false, true},
                                     {"state", "STATE", Style::state},
                                     {"incident", "INCIDENT"},
                                     {"by", "BY"},
                                     {"effect", "EFFECT", Style::plain, false, true},
                                     {"undo", "UNDO", Style::plain, true, true},
                                     {"key", "KEY", Style::faint, true}};

constexpr CommandRow action_rows[] = {
    {.noun = "action",
     .verb = "list",
     .summary = "actions: rehearsed, applied, verified, undone",
     .examples = action_list_examples,
     .options = {},
     .features = client | feature::rows | feature::period,
     .columns = action_columns,
     .run = relay_rows},
    {.noun = "action",
     .verb = "halt",
     .summary = "stop every action on this host at once",
     .examples = action_halt_examples,
     .options = action_halt_options,
     .features = client | feature::change | feature::confirm,
     .columns = action_columns,
     .run = relay_change},
};

}  // namespace

std::span<const CommandRow> playbook_commands() { return playbook_rows; }
std::span<const CommandRow> action_commands() { return action_rows; }

}  // namespace tocsin::daemon
