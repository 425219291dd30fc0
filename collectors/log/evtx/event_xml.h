#pragma once
// A Windows event as XML → the same event as JSON, in the form that exporters of event logs write
// ({"Event":{"System":{…},"EventData":{…}}}), so that one path (json/flatten.h) names its fields. Lenient, as event
// logs are: control characters, names with blanks, values that are no UTF-8. Pure; any thread. Event schema:
// https://learn.microsoft.com/windows/win32/wes/eventschema-schema

#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace tocsin::collectors {

inline constexpr std::size_t event_xml_depth_most = 32;
inline constexpr std::size_t event_xml_nodes_most = 4096;

// invalid, with the place in the text, when it is not one well-formed <Event>, or is deeper or larger than the caps.
// Hexadecimal numbers lose the zeros in front (Windows shows 0x1fffff where the file has eight digits), decimal ones
// become JSON numbers.
Result<std::string> event_xml_to_json(std::string_view xml);

}  // namespace tocsin::collectors
