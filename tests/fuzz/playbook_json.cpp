// rooms: playbook
// Playbooks: any bytes are checked without harm; what passes can be rehearsed and rendered.
#include <cstdlib>

#include "responders/action/table.h"
#include "responders/playbook/run/run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::responders;
  Diagnostics diagnostics;
  const auto plan = load_playbook(as_text({data, size}), "fuzz.json", diagnostics);
  if (plan.has_value() == diagnostics.has_errors()) std::abort();
  if (!plan) return 0;
  OfflineGateway offline;
  const ManualClock clock;
  const auto rehearsal = rehearse(*plan, {}, offline, clock);
  if (rehearsal && render_text(*rehearsal).empty()) std::abort();
  if (rehearsal && !read_json(render_json(*rehearsal)).problems.empty()) std::abort();
  return 0;
}
