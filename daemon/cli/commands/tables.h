#pragma once
// One function per noun (or small family), each giving its rows of the command table; all_commands lists them.

#include <span>

#include "daemon/cli/command.h"

namespace tocsin::daemon {

std::span<const CommandRow> status_commands();  // status, metrics
std::span<const CommandRow> doctor_commands();
std::span<const CommandRow> alert_commands();
std::span<const CommandRow> incident_commands();
std::span<const CommandRow> playbook_commands();  // list, status, run, answer, cancel
std::span<const CommandRow> action_commands();
std::span<const CommandRow> record_commands();  // event search, audit
std::span<const CommandRow> report_commands();
std::span<const CommandRow> evidence_commands();
std::span<const CommandRow> config_commands();
std::span<const CommandRow> list_commands();
std::span<const CommandRow> replay_commands();
std::span<const CommandRow> rule_commands();
std::span<const CommandRow> indicator_commands();
std::span<const CommandRow> decode_commands();
std::span<const CommandRow> rule_event_commands();  // rule explain, backtest, coverage, navigator
std::span<const CommandRow> ruleset_commands();     // rule sets, update, rollback
std::span<const CommandRow> tuning_commands();
std::span<const CommandRow> local_playbook_commands();      // playbook check, rehearse
std::span<const CommandRow> playbook_author_commands();     // playbook graph, test
std::span<const CommandRow> playbook_signature_commands();  // playbook sign, verify
std::span<const CommandRow> page_commands();                // completion, man

// Every command of the program, in the order help shows them.
CommandTable all_commands();

}  // namespace tocsin::daemon
