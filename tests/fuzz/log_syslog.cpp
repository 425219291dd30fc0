// rooms: log
// Envelope, stamps and line splitting; views must stay inside the line.
#include <cstdlib>

#include "collectors/log/envelope/syslog.h"
#include "collectors/log/line/line_splitter.h"

using namespace tocsin;
using namespace tocsin::collectors;

static void inside(std::string_view part, std::string_view line) {
  if (!part.empty() && (part.data() < line.data() || part.data() + part.size() > line.data() + line.size()))
    std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  LineSplitter splitter(256);
  LineClock clock(TimeZone{std::chrono::hours{2}}, 2024);
  RawLine line;
  const auto read = [&] {
    if (line.text.size() > 256) std::abort();
    Envelope e;
    if (!read_envelope(line.text, e)) return;
    if (e.stamp) clock.resolve(*e.stamp, Time{});
    for (const auto part : {e.host, e.program, e.pid, e.message_id, e.structured, e.message}) inside(part, line.text);
  };
  for (std::size_t at = 0; at < size; at += 100) {
    splitter.feed({data + at, std::min<std::size_t>(100, size - at)});
    while (splitter.next(line)) read();
    if (splitter.pending() > 512) std::abort();
  }
  while (splitter.last(line)) read();
  for (int form = 0; form < 9; ++form)
    if (const auto stamp = read_stamp(static_cast<StampForm>(form), {reinterpret_cast<const char*>(data), size}))
      if (stamp->length > size) std::abort();
  (void)TimeZone::parse({reinterpret_cast<const char*>(data), size});
  return 0;
}
