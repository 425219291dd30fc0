#pragma once
// Compiled values as JSON, as evaluate.h gives their shapes.

#include "collectors/base/json.h"
#include "rules/sigma/parse/term.h"

namespace tocsin::rules::sigma {

void append_json(JsonWriter& json, const Term& term);
void append_json(JsonWriter& json, const Item& item);  // the whole answer

}  // namespace tocsin::rules::sigma
