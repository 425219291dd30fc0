#pragma once
// Alerts as the one-line log that users of Suricata and Snort know:
// https://docs.suricata.io/en/latest/configuration/suricata-yaml.html#line-based-alerts-log-fast-log

#include "daemon/eve/record.h"
#include "rules/alert.h"

namespace tocsin::daemon {

// In the order of the alert's EVE record. The line is empty for what the form cannot show: alerts of other engines,
// packets without an IP header.
EveRecord make_fast_record(const rules::Alert& alert);

}  // namespace tocsin::daemon
