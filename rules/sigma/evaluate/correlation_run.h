#pragma once
// One correlation over a list of events: the live detector and state behind a view that takes everything.

#include <string>

#include "rules/sigma/parse/yaml.h"
#include "rules/sigma/rule_set.h"

namespace tocsin::rules::sigma {

// `question` holds correlation, rules and events; the answer is JSON as evaluate.h says.
std::string run_correlation(const Node& question, const SigmaOptions& options);

}  // namespace tocsin::rules::sigma
