#pragma once
// An exception as Sigma writes it: the selections and the condition of a filter, judged on alerts. What the condition
// does not keep is taken away. Fields are those of an alert (tocsin alert show): ECS names, as text; those of a list
// are one text.

#include <functional>
#include <string_view>

#include "collectors/base/result.h"
#include "rules/alert.h"

namespace tocsin::rules::sigma {

// `text` is YAML: {selection: {user.name: backup}, condition: not selection}. The function is true for alerts that are
// kept; any thread, one at a time. invalid: the text cannot be used, and why.
Result<std::function<bool(const Alert&)>> compile_alert_filter(std::string_view text);
// Without `not` a condition takes whatever it does not speak of.
Result<bool> filter_negates(std::string_view text);

}  // namespace tocsin::rules::sigma
