#pragma once
// JSON rows as YAML text. Strings that YAML might read otherwise are double-quoted with JSON escapes.

#include <cstdint>
#include <string>

#include <boost/json/fwd.hpp>

namespace tocsin::daemon {

enum class YamlShape : std::uint8_t { document, list_item };
std::string render_yaml(const boost::json::object& object, YamlShape shape);

}  // namespace tocsin::daemon
