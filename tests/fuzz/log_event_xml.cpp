// rooms: log
// A Windows event as a line of XML: one bounded pass, whatever the tags do.
#include <cstdlib>

#include "collectors/log/json/event_xml.h"

using namespace tocsin;
using namespace tocsin::collectors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  FieldNames names;
  DynamicFields fields(names);
  EventBatch batch;
  EventBuilder builder(batch);
  LineClock clock;
  LineContext line{builder, fields, clock, Time{}, std::nullopt};
  const bool system = text.find("<System") != std::string_view::npos;
  if (flatten_event_xml(line, text) && !system) std::abort();
  builder.finish(EventHeader{}, text);
  return 0;
}
