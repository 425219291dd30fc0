#include "daemon/store/segment/line.h"

#include <simdjson.h>

#include "collectors/base/text.h"

namespace tocsin::daemon {

struct LineReader::State {
  simdjson::dom::parser parser;
};

LineReader::LineReader() : state_(std::make_unique<State>()) {}
LineReader::~LineReader() = default;

void append_line(std::string& out, const Event& event, const FieldNames& names) {
  JsonWriter json(out);
  append_json(json, event, names);
  out += '\n';
}

std::uint64_t key_hash(std::string_view text) { return hash64(lower_ascii(text)); }

void LineReader::keys(std::string_view line, const std::function<void(KeyKind, std::string_view)>& each) {
  simdjson::dom::object object;
  if (state_->parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) return;
  for (const auto& [name, value] : object) {
    const auto kind = key_kind(name);
    if (!kind) continue;
    std::string_view text;
    simdjson::dom::array items;
    if (value.get(text) == simdjson::SUCCESS) each(*kind, text);
    else if (value.get(items) == simdjson::SUCCESS)
      for (const auto item : items)
        if (item.get(text) == simdjson::SUCCESS) each(*kind, text);
  }
}

bool LineReader::has_key(std::string_view line, KeyKind kind, std::string_view text) {
  bool found = false;
  keys(line, [&](KeyKind other, std::string_view value) {
    found = found || (other == kind && equals_ignoring_case(value, text));
  });
  return found;
}

std::optional<Time> LineReader::time(std::string_view line) {
  simdjson::dom::element object;
  std::string_view text;
  if (state_->parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS ||
      object["@timestamp"].get(text) != simdjson::SUCCESS)
    return std::nullopt;
  return parse_time(text);
}

}  // namespace tocsin::daemon
