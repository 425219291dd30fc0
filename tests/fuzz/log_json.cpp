// rooms: log
// Split and flatten; whatever the chunking, the documents are the same. What the store would have written, too.
#include <cstdlib>

#include "collectors/log/json/flatten.h"
#include "collectors/log/json/splitter.h"
#include "collectors/log/json/stored_event.h"

using namespace tocsin;
using namespace tocsin::collectors;

static std::vector<std::string> split(std::span<const std::uint8_t> bytes, std::size_t chunk) {
  JsonSplitter splitter;
  RawDocument document;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    splitter.feed(bytes.subspan(at, std::min(chunk, bytes.size() - at)));
    while (splitter.next(document)) out.emplace_back((document.broken ? "-" : "+") + std::string(document.text));
  }
  while (splitter.last(document)) out.emplace_back((document.broken ? "-" : "+") + std::string(document.text));
  return out;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(data, size);
  const auto whole = split(bytes, size + 1);
  if (size < 4096 && split(bytes, 7) != whole) std::abort();
  FieldNames names;
  DynamicFields fields(names);
  JsonFlattener flattener;
  const KeyMap keys;
  StoredEventReader stored(names);
  for (const auto& text : whole) {
    EventBatch batch;
    EventBuilder builder(batch);
    LineClock clock;
    LineContext line{builder, fields, clock, Time{}, std::nullopt};
    flattener.flatten(line, keys, std::string_view(text).substr(1));
    EventBatch again;
    EventBuilder other(again);
    stored.read(std::string_view(text).substr(1), other);
  }
  return 0;
}
