#include "daemon/eve/options.h"

namespace tocsin::daemon {

EveOptions::EveOptions() {
  protocols_.set();
  detail.tls.session_resumption = false;
  for (const auto off : {collectors::Protocol::pgsql, collectors::Protocol::arp}) set(off, false);
}

EveOptions EveOptions::none() {
  EveOptions out;
  out.protocols_.reset();
  out.alert.enabled = out.anomaly.enabled = out.files.enabled = out.stats.enabled = out.flow = out.netflow = false;
  return out;
}

}  // namespace tocsin::daemon
