// rooms: guard
// The guard's policy and what it reads of the host: any text is understood, refused or passed over.
#include "responders/guard/never_touch.h"
#include "responders/guard/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::responders;
  const auto text = as_text({data, size});
  (void)parse_gateways_v4(text);
  (void)parse_gateways_v6(text);
  (void)parse_resolvers(text);
  (void)parse_peers(text, {22, 80});
  (void)parse_servers(text, 123);
  (void)parse_lease(text);
  Diagnostics diagnostics;
  const auto policy = load_policy(text, "fuzz.yaml", diagnostics);
  (void)policy.mode_of("network.block_address");
  return 0;
}
