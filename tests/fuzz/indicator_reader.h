#pragma once
// Any text through one reader of indicator lists, then a lookup of what it made and an event over it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "collectors/event/field_table.h"
#include "rules/indicator/detector.h"
#include "rules/indicator/parse/intake.h"

namespace tocsin::fuzz {

struct Nowhere final : rules::AlertSink {
  void raise(rules::Alert) override {}
};

template <class Reader>
void read_indicators(Reader reader, const std::uint8_t* data, std::size_t size) {
  namespace indicator = rules::indicator;
  static const std::string file = "fuzz";
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const indicator::IndicatorOptions options;
  Diagnostics diagnostics;
  indicator::Compiled compiled({1000, 100});
  {
    indicator::Intake intake(file, options, compiled.allow_list, compiled.table, diagnostics);
    reader(text, intake);
  }
  if (diagnostics.all().size() > indicator::Intake::diagnostics_most + 2) __builtin_trap();
  compiled.files.resize(compiled.table.sources().size(), file);
  compiled.table.finish();
  for (indicator::EntryId id = 0; id < compiled.table.entries().size(); ++id) {
    const auto& entry = compiled.table.entries()[id];
    const auto key = compiled.table.key(entry);
    if (compiled.table.find(entry.kind, key) != id) __builtin_trap();
    // What people see of it reads back as the same value; a URL may hold marks that keep others from being clicked.
    if (entry.kind == indicator::Kind::url) {
      std::array<char, indicator::url_most> buffer;
      if (indicator::canonical_url(key, buffer) != key) __builtin_trap();
      continue;
    }
    const auto again = indicator::parse_value_as(entry.kind, indicator::render_value(entry.kind, key), entry.reach);
    if (!again || again->key != key) __builtin_trap();
  }
  indicator::HitCounters counters(compiled.table.sources().size());
  static indicator::AlertWindow window(std::chrono::hours{1});  // large: made once
  static FieldNames names;
  indicator::IndicatorDetector detector(compiled, counters, window, {.names = names});
  EventBatch batch;
  EventBuilder builder(batch);
  const auto part = text.substr(0, 4000);
  for (const auto field : {field::dns_question_name, field::url_full, field::file_hash_md5, field::source_address})
    builder.set(field, part);
  builder.set(field::destination_ip, IpAddress::v4(0xCB007107));
  builder.finish({}, {});
  Nowhere sink;
  detector.inspect(batch, sink);
}

}  // namespace tocsin::fuzz
