#pragma once
// What is wrong with a configuration although it reads well: found by those who look before the daemon starts with it.
// Not part of reading it: names in a filter ("port http") are looked up in files that the confined daemon cannot see.

#include "collectors/base/diagnostic.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {

// C0007: a capture filter that libpcap does not take, in its own words. Needs no privilege.
Diagnostics examine_config(const Config& config);

}  // namespace tocsin::daemon
