#include "daemon/cli/config_check.h"

#include <fmt/format.h>

#include "collectors/packet/capture/packet_socket.h"

namespace tocsin::daemon {

Diagnostics examine_config(const Config& config) {
  Diagnostics out;
  for (std::size_t i = 0; i < config.collect.interfaces.size(); ++i) {
    const auto taken = collectors::check_packet_filter(config.collect.interfaces[i].filter);
    if (taken) continue;
    Diagnostic d;
    d.code = "C0007";
    d.file = config.file;
    d.item = fmt::format("collect.interfaces[{}].filter", i);
    d.cause = taken.error().message;
    d.next_step = "try it with `tcpdump -d FILTER`, or leave it empty to see everything";
    out.add(std::move(d));
  }
  return out;
}

}  // namespace tocsin::daemon
