// rooms: playbook
// Triggers of any text: read or refused; what is read is matched against an incident.
#include "responders/playbook/trigger.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  Diagnostics diagnostics;
  const auto triggers = responders::Triggers::load(as_text({data, size}), "fuzz.yaml", diagnostics);
  responders::Incident incident;
  incident.severity = 80;
  incident.alerts.resize(1);
  incident.alerts[0].rule = "fuzz";
  incident.alerts[0].attack = {"T1110.001"};
  (void)triggers.match(incident);
  return 0;
}
