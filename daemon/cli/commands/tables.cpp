#include "daemon/cli/commands/tables.h"

namespace tocsin::daemon {

CommandTable all_commands() {
  return CommandTable{replay_commands(),
                      rule_commands(),
                      rule_event_commands(),
                      decode_commands(),
                      indicator_commands(),
                      ruleset_commands(),
                      tuning_commands(),
                      local_playbook_commands(),
                      playbook_signature_commands(),
                      playbook_author_commands(),
                      status_commands(),
                      doctor_commands(),
                      alert_commands(),
                      incident_commands(),
                      playbook_commands(),
                      action_commands(),
                      record_commands(),
                      report_commands(),
                      evidence_commands(),
                      config_commands(),
                      list_commands(),
                      page_commands()};
}

}  // namespace tocsin::daemon
