#pragma once
// An alert as Suricata's EVE would write it. https://docs.suricata.io/en/latest/output/eve/eve-json-format.html

#include <string>

#include "rules/alert.h"

namespace tocsin::rules::signature {

// One line without the newline. Alerts of other engines are written with their own rule texts and sid 0.
std::string render_eve_alert(const Alert& alert);
// "2026-11-22T15:30:01.250000+0000"
std::string render_eve_time(Time time);

}  // namespace tocsin::rules::signature
