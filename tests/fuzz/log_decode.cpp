// rooms: log
// A line, or a journal entry, through every shipped decoder (TOCSIN_DECODERS names their directory; default
// etc/decoders).
#include <cstdlib>

#include "collectors/log/line/line_decoder.h"

using namespace tocsin;
using namespace tocsin::collectors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static FieldNames names;
  static const auto decoders = [] {
    const char* given = std::getenv("TOCSIN_DECODERS");
    const auto sources = read_decoder_directory(given == nullptr ? "etc/decoders" : given);
    Diagnostics diagnostics;
    if (!sources) std::abort();
    return compile_decoders(*sources, names, diagnostics);
  }();
  if (size < 1) return 0;
  EventBatch batch;
  EventBuilder builder(batch);
  LineDecoder decoder(
      decoders, names,
      LineSource{.name = "fuzz", .clock = LineClock(TimeZone{}, 2024), .kind = static_cast<LogKind>(data[0] % 6 % 5)});
  const std::string_view line(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 6 == 5) {
    const auto cut = std::min(line.find(' '), line.size());
    decoder.decode_entry(line.substr(0, cut), line.substr(cut), EventHeader{}, builder);
  } else {
    decoder.decode(line, hash128(line), Time{}, builder);
  }
  decoder.end_input();
  decoder.drain(LineDecoder::events_most, Time{}, builder);
  return 0;
}
