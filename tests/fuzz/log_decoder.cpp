// rooms: log
// Decoders of any text: compiled or refused. What compiles decodes a line. Up to the first zero byte: a decoder file,
// or, when it begins with '!', one pattern; after it the line.
#include <cstdlib>

#include "collectors/log/decoder/matcher.h"
#include "collectors/log/line/line_decoder.h"

using namespace tocsin;
using namespace tocsin::collectors;

namespace {

void pattern(std::string_view text, std::string_view line) {
  FieldNames names;
  const auto compiled = compile_pattern(
      text, [&](std::string_view name) -> std::expected<Field, std::string> { return names.intern(name); },
      [](std::string_view) -> const std::string* { return nullptr; });
  if (!compiled) return;
  Captures captures;
  if (!match_pattern(*compiled, line, captures)) return;
  for (std::size_t i = 0; i < captures.count; ++i) {
    const auto part = captures.items[i].text();
    if (!part.empty() && (part.data() < line.data() || part.data() + part.size() > line.data() + line.size()))
      std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  const auto cut = text.find('\0');
  const auto head = text.substr(0, cut);
  const auto line = cut == std::string_view::npos ? std::string_view{} : text.substr(cut + 1);
  if (head.starts_with('!')) {
    pattern(head.substr(1), line);
    return 0;
  }
  FieldNames names;
  Diagnostics diagnostics;
  const std::vector<DecoderSource> sources{{"fuzz.yaml", std::string(head)}};
  const auto decoders = compile_decoders(sources, names, diagnostics);
  EventBatch batch;
  EventBuilder builder(batch);
  LineDecoder decoder(decoders, names, LineSource{.name = "fuzz", .clock = LineClock(TimeZone{}, 2024)});
  decoder.decode(line, hash128(line), Time{}, builder);
  return 0;
}
