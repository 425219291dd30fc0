// rooms: alert
// Alerts as they come back from the store: read or refused; what is read renders to itself, for people without a
// control character.
#include <cstdlib>

#include "rules/alert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const auto alert = rules::parse_alert(as_text({data, size}));
  if (!alert) return 0;
  // Excerpts are cut by bytes, and what is cut within a code point grows when it is written: from the second time on
  // nothing changes any more.
  const auto first = rules::parse_alert(render_json(*alert));
  if (!first) std::abort();
  const auto shown = render_json(*first);
  const auto again = rules::parse_alert(shown);
  if (!again || render_json(*again) != shown) std::abort();
  for (const char c : render_why(*alert))
    if (c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) std::abort();
  return 0;
}
