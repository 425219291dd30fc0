#pragma once
// JSON of questions → the engine's own types. simdjson stays in the .cpp.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/event/event.h"
#include "rules/sigma/parse/yaml.h"

namespace tocsin::rules::sigma {

// A whole document as nodes: strings stay text whatever they look like.
Result<Node> parse_json(std::string_view text);
// Fields of a flat or nested object; "_raw" becomes the original line.
const Event& build_event(const Node& object, EventBatch& batch, FieldNames& names, Time observed);

}  // namespace tocsin::rules::sigma
