// rooms: alert
// Alerts as they come back from the store: read or refused; what is read renders to itself, for people without a
// control character.
#include <cstdlib>

#include "rules/alert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const auto alert = rules::parse_alert(as_text({data, size}));
  if (!alert) return 0;
  const auto shown = render_json(*alert);
  const auto again = rules::parse_alert(shown);
  if (!again || render_json(*again) != shown) std::abort();
  for (const char c : render_why(*alert))
    if (c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) std::abort();
  return 0;
}
