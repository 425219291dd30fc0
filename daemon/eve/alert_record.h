#pragma once
// An alert as Suricata's EVE writes it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html

#include <string>

#include "daemon/eve/options.h"
#include "daemon/eve/record.h"
#include "rules/alert.h"

namespace tocsin::daemon {

// Alerts of other engines are written with their own rule texts and sid 0.
EveRecord make_alert_record(const rules::Alert& alert, const EveOptions& options);

}  // namespace tocsin::daemon
