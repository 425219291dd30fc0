// Which format a text is.

#include <algorithm>

#include <simdjson.h>

#include "collectors/base/text.h"
#include "rules/indicator/parse/csv_header.h"
#include "rules/indicator/parse/intake.h"

namespace tocsin::rules::indicator {
namespace {

namespace ondemand = simdjson::ondemand;

// The names of the outermost object's members tell; of a list, those of its first item.
Format detect_object(ondemand::object object) {
  Format found = Format::none;
  for (auto member : object) {
    std::string_view name;
    if (member.error() != simdjson::SUCCESS) break;
    const auto key = member.key();
    if (key.error() != simdjson::SUCCESS) break;
    const auto is = [&](const char* wanted) { return key.value_unsafe() == wanted; };
    if (is("objects") || is("spec_version") || is("pattern")) return Format::stix;
    if (is("Event") || is("response") || is("Attribute")) return Format::misp;
    if (is("type")) {
      if (member.value().get_string().get(name) == simdjson::SUCCESS && name == "bundle") return Format::stix;
    }
  }
  return found;
}

Format detect_json(std::string_view text) {
  // A member that tells stands near the start; the whole is parsed when it is read.
  simdjson::padded_string padded(text);
  ondemand::parser parser;
  ondemand::document document;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return Format::misp;
  ondemand::object object;
  if (text.front() == '{') {
    if (document.get_object().get(object) != simdjson::SUCCESS) return Format::misp;
    return detect_object(object);
  }
  ondemand::array items;
  if (document.get_array().get(items) != simdjson::SUCCESS) return Format::misp;
  for (auto item : items) {
    if (item.get_object().get(object) != simdjson::SUCCESS) return Format::misp;
    return detect_object(object);
  }
  return Format::none;
}

}  // namespace

std::string_view format_name(Format format) noexcept {
  static constexpr std::array<std::string_view, 5> names{"plain", "csv", "stix", "misp", "none"};
  return names[static_cast<std::size_t>(format)];
}

Format detect_format(std::string_view file, std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return Format::plain;
  const auto name = file.substr(file.rfind('/') + 1);
  // Beside the events of a MISP feed stand digests of values, which only its cache uses.
  if (name == "hashes.csv") return Format::none;
  text.remove_prefix(begin);
  const bool json = text.front() == '{' || (text.front() == '[' && name.ends_with(".json"));
  if (json) return detect_json(text);
  return find_csv_header(text, name.ends_with(".csv") || name.ends_with(".tsv")) ? Format::csv : Format::plain;
}

}  // namespace tocsin::rules::indicator
