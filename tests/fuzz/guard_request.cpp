// rooms: guard
// Requests to the responder: read or refused; what is read survives writing and reading again.
#include <cstdlib>

#include "responders/guard/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::responders;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_rehearsed(text));
  static_cast<void>(parse_applied(text));
  const auto request = parse_request(text);
  if (!request) return 0;
  const auto again = parse_request(render_request(*request));
  if (!again || again->request.key != request->request.key || again->request.parameters != request->request.parameters)
    std::abort();
  return 0;
}
