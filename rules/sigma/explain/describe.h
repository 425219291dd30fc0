#pragma once
// What a predicate and a view ask, in words. Pure; any thread.

#include <string>

#include "rules/sigma/compile/predicate.h"
#include "rules/sigma/view/view.h"

namespace tocsin::rules::sigma {

// "is 'x'", "is like '*\x'", "matches /x/i", "is in 10.0.0.0/8", "is present". `other` names the field that it is
// compared with, for predicates that do.
std::string describe(const Predicate& predicate, const std::string& other);
// What a view asks of events: "class process, kind start".
std::string describe(const EventSelector& selector);

}  // namespace tocsin::rules::sigma
