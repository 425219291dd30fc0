// rooms: playbook
// A fixture and a playbook, parted by a line of dashes: whatever they say, playing it ends, and drawing it is well
// formed.
#include <cstdlib>

#include "collectors/base/bytes.h"
#include "responders/playbook/graph/graph.h"
#include "responders/playbook/run/simulate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::responders;
  const std::string_view text = as_text({data, size});
  const std::size_t parting = text.find("\n---\n");
  auto fixture = parse_fixture(text.substr(0, parting));
  if (!fixture || parting == std::string_view::npos) return 0;
  fixture->rounds = 20;
  Diagnostics diagnostics;
  const auto plan = load_playbook(text.substr(parting + 5), "fuzz.json", diagnostics);
  if (!plan) return 0;
  const auto graph = graph_of(**plan);
  if (graph.steps.size() != (*plan)->steps().size()) std::abort();
  if (render_svg(**plan, graph).find('\x1b') != std::string::npos) std::abort();
  const auto simulation = simulate(*plan, *fixture, nullptr);
  if (simulation && render_text(*simulation).empty()) std::abort();
  return 0;
}
