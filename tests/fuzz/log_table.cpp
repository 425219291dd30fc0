// rooms: log
// A log with a header of columns: lines one after the other, then reading on from any place of them.
#include <cstdlib>

#include "collectors/log/line/line_decoder.h"

using namespace tocsin;
using namespace tocsin::collectors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static FieldNames names;
  static const auto decoders = [] {
    Diagnostics diagnostics;
    return compile_decoders({}, names, diagnostics);
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  LineDecoder decoder(decoders, names, LineSource{.name = "fuzz", .clock = LineClock(TimeZone{}, 2024)});
  const auto read = [&](std::string_view rest) {
    for (std::size_t lines = 0; !rest.empty() && lines < 64; ++lines) {
      const auto end = std::min(rest.find('\n'), rest.size());
      EventBatch batch;
      EventBuilder builder(batch);
      decoder.decode(rest.substr(0, end), hash128(rest), Time{}, builder);
      if (batch.empty()) std::abort();  // every line is an event
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  };
  read(text);
  const auto half = size / 2;
  decoder.resume(text.substr(0, half), text.substr(half / 2, half - half / 2));
  read(text.substr(half));
  return 0;
}
