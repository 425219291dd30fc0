// rooms: base
// The small readers of the ground floor: what they accept renders and reads as the same; what goes out to a terminal, a
// page, a sheet or JSON is harmless there.
#include <algorithm>
#include <cstdlib>

#include "collectors/base/address.h"
#include "collectors/base/digest.h"
#include "collectors/base/id.h"
#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "collectors/base/time.h"

using namespace tocsin;

namespace {

template <class Read, class Render>
void round_trip(std::string_view text, const Read& read, const Render& render) {
  if (const auto value = read(text))
    if (const auto again = read(render(*value)); !again || *again != *value) std::abort();
}

void readers(std::string_view text) {
  round_trip(text, parse_address, render_address);
  round_trip(text, [](auto t) { return parse_network(t, HostBits::clear); }, render_network);
  round_trip(text, parse_uuid, render_uuid);
  round_trip(text, parse_time, render_time);
  round_trip(text, parse_duration, render_duration);
  round_trip(text, parse_unsigned, [](auto n) { return std::to_string(n); });
  round_trip(text, parse_signed, [](auto n) { return std::to_string(n); });
  round_trip(text, parse_hex, [](const auto& b) { return to_hex(b.data(), b.size()); });
  (void)parse_real(text);
  (void)parse_byte_size(text);
  (void)parse_network(text, HostBits::refuse);
}

bool control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

void writers(std::string_view text) {
  const auto screen = escape_terminal(text);
  if (std::ranges::any_of(screen, control)) std::abort();
  for (const auto* hidden : {"\u202E", "\u2066", "\u0085", "\u009B"})
    if (screen.find(hidden) != std::string::npos) std::abort();
  if (escape_html(text).find_first_of("<>\"'") != std::string::npos) std::abort();
  const auto cell = escape_csv(text);
  if (!cell.empty() && std::string_view("=+-@\t\r").find(cell[cell[0] == '"' ? 1 : 0]) != std::string_view::npos)
    std::abort();
  if (!cell.starts_with('"') && cell.find_first_of(",\"\r\n") != std::string::npos) std::abort();
  std::string json;
  append_json_string(json, text);
  if (json.size() < 2 || std::ranges::any_of(json, control) || escape_terminal(json) != json) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  readers(text);
  writers(text);
  return 0;
}
