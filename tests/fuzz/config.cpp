// rooms: config
// The configuration: any text is understood or refused with diagnostics that have a place; what is understood shows as
// a text that is understood the same.
#include <cstdlib>

#include "daemon/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics;
  const auto config = daemon::load_config(text, "fuzz", diagnostics);
  if (!config) {
    if (!diagnostics.has_errors()) std::abort();
    return 0;
  }
  Diagnostics again;
  const auto shown = daemon::render_config(*config);
  const auto second = daemon::load_config(shown, "shown", again);
  if (!second || daemon::render_config(*second) != shown) std::abort();
  return 0;
}
