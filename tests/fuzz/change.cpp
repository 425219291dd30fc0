// rooms: incident
// Journal entries as they come back from disk: whatever they hold, no crash; what is understood renders to itself.
#include <cstdlib>

#include "responders/incident/change.h"
#include "responders/incident/decide.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto change = tocsin::responders::parse_change(tocsin::as_text({data, size}));
  if (!change) return 0;
  const auto again = tocsin::responders::parse_change(render_json(*change));
  if (!again || !(*again == *change)) std::abort();
  evolve(tocsin::responders::Incident{}, *change);
  return 0;
}
