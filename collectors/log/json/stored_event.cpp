#include "collectors/log/json/stored_event.h"

#include <simdjson.h>

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "collectors/log/decoder/assign.h"

namespace tocsin::collectors {

namespace {

namespace dom = simdjson::dom;
constexpr std::size_t line_bytes_most = 16 * 1024 * 1024;
constexpr std::size_t list_most = 2048;

std::optional<EventClass> class_called(std::string_view name) {
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(EventClass::loss); ++i)
    if (event_class_name(static_cast<EventClass>(i)) == name) return static_cast<EventClass>(i);
  return std::nullopt;
}

void set_list(EventBuilder& builder, Field field, dom::array items) {
  std::size_t taken = 0;
  for (const auto item : items) {
    std::string_view text;
    if (++taken > list_most) return;
    if (item.get(text) == simdjson::SUCCESS) builder.append(field, text);
    else builder.append(field, simdjson::minify(item));
  }
}

void set_value(EventBuilder& builder, Field field, dom::element value) {
  switch (value.type()) {
    case dom::element_type::STRING: builder.set_typed(field, std::string_view(value)); break;
    case dom::element_type::INT64: builder.set(field, std::int64_t(value)); break;
    case dom::element_type::UINT64: builder.set(field, std::uint64_t(value)); break;
    case dom::element_type::DOUBLE: builder.set(field, double(value)); break;
    case dom::element_type::BOOL: builder.set(field, bool(value)); break;
    case dom::element_type::NULL_VALUE: builder.set_null(field); break;
    case dom::element_type::ARRAY: set_list(builder, field, dom::array(value)); break;
    case dom::element_type::OBJECT: break;  // the store writes none
  }
}

// What stands in the header of an event rather than among its fields.
struct Header {
  std::string_view time, ingested, id, event_class, dataset, host, original;

  std::string_view* find(std::string_view name) {
    if (name == "@timestamp") return &time;
    if (name == "event.ingested") return &ingested;
    if (name == "event.id") return &id;
    if (name == "event.class") return &event_class;
    if (name == "event.dataset") return &dataset;
    if (name == "host.name") return &host;
    if (name == "event.original") return &original;
    return nullptr;
  }
};

}  // namespace

struct StoredEventReader::State {
  explicit State(FieldNames& names) : fields(names) {}
  dom::parser parser{line_bytes_most};
  std::string padded;
  DynamicFields fields;
};

StoredEventReader::StoredEventReader(FieldNames& names) : state_(std::make_unique<State>(names)) {}
StoredEventReader::~StoredEventReader() = default;

bool StoredEventReader::read(std::string_view line, EventBuilder& builder) {
  auto& s = *state_;
  if (line.size() > line_bytes_most) return false;
  s.padded.assign(line);
  s.padded.reserve(line.size() + simdjson::SIMDJSON_PADDING);
  dom::object object;
  if (s.parser.parse(s.padded.data(), line.size(), false).get(object) != simdjson::SUCCESS) return false;
  Header head;
  bool exercise = false;
  for (const auto& [name, value] : object) {
    if (auto* const place = head.find(name)) {
      if (value.get(*place) != simdjson::SUCCESS) *place = {};
    } else if (name == "tocsin.exercise") {
      exercise = value.is_bool() && bool(value);
    } else if (const Field field = s.fields.find(name); field != Field{}) {
      set_value(builder, field, value);
    }
  }
  const auto observed = parse_time(head.time);
  const auto id = parse_digest128(head.id);
  const auto event_class = class_called(head.event_class);
  if (!observed || !id || !event_class) {
    builder.reset();
    return false;
  }
  if (!head.host.empty()) builder.set(field::host_name, head.host);
  builder.finish({.id = *id,
                  .observed = *observed,
                  .ingested = parse_time(head.ingested).value_or(*observed),
                  .event_class = *event_class,
                  .exercise = exercise ? Exercise::yes : Exercise::no,
                  .dataset = head.dataset,
                  .host = head.host,
                  .source = "store"},
                 head.original);
  return true;
}

}  // namespace tocsin::collectors
