// rooms: action
// What actions take from others: parameters, the answers of nftables, the manifest of a quarantined file. Typed values
// are canonical, and what becomes a transaction cannot hold a second command.
#include <algorithm>
#include <cstdlib>

#include "responders/action/file_quarantine/manifest.h"
#include "responders/action/network_block_address/ruleset.h"
#include "responders/action/table.h"

using namespace tocsin;
using namespace tocsin::responders;

namespace {

void parameters(std::string_view text) {
  for (const auto& row : all_actions()) {
    Parameters::Texts texts;
    std::string_view rest = text;
    for (const auto& spec : row.spec.parameters) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      (void)parse_parameter(spec, text);
      if (!line.empty()) texts.emplace_back(spec.name, line);
    }
    const auto typed = parse_parameters(row.spec, texts);
    if (!typed) continue;
    const auto again = parse_parameters(row.spec, typed->texts());
    if (!again || again->texts() != typed->texts()) std::abort();
    (void)row.describe(*typed);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  parameters(text);
  (void)count_rules(text);
  if (const auto elements = parse_elements(text))
    for (const auto& e : *elements) (void)set_of(e.network);
  const auto network = *parse_network("203.0.113.9", HostBits::refuse);
  const auto harmless = block_transaction(network, std::chrono::hours(1), "key");
  if (is_action_key(text)) {
    const auto other = block_transaction(network, std::chrono::hours(1), text);
    for (const char c : {'\n', ';', '{', '}', '"', ' '})
      if (std::ranges::count(other, c) != std::ranges::count(harmless, c)) std::abort();
  }
  const auto manifest = parse_manifest(text);
  if (!manifest) return 0;
  const auto again = parse_manifest(render_manifest(*manifest));
  if (!again || !(*again == *manifest)) std::abort();
  return 0;
}
