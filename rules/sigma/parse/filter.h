#pragma once
// Filter documents (specification 2.1, "Sigma Filters"): conditions that are added to rules. Decided as the Sigma tools
// do it: a rule becomes `(rule) and (filter condition)`, so a filter that takes matches away says `not selection`. A
// filter whose condition has no `not` gets a warning (G0504), since its author may have meant the other reading.

#include "rules/sigma/parse/rule.h"

namespace tocsin::rules::sigma {

// Applies every filter of the book to the rules it names whose log source it covers.
// `now` decides which filters have ended (`expires`); none: all hold. When the first of those that hold ends.
std::optional<Time> apply_filters(RuleBook& book, const Placeholders& placeholders, std::optional<Time> now,
                                  Diagnostics& diagnostics);
// The condition takes something away.
bool has_negation(const Expression& e);

}  // namespace tocsin::rules::sigma
