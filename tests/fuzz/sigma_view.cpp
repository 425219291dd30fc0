// rooms: sigma
// Log-source views of any text: read or refused.

#include <string>
#include <vector>

#include "collectors/base/bytes.h"
#include "rules/sigma/view/view.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const std::vector<rules::RuleSource> sources{{"fuzz.yaml", std::string(as_text({data, size}))}};
  Diagnostics diagnostics;
  for (const auto& view : rules::sigma::parse_views(sources, diagnostics))
    (void)view.serves({"process_creation", "linux", "auditd"});
  return 0;
}
