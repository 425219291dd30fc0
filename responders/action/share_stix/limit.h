#pragma once
// What of a STIX bundle may go out where a highest marking is let through. Works on what is to be sent, whoever made
// it: objects marked stricter are left out, with what only they name; of an incident that is marked stricter its
// number, host, state and times are told, as everywhere. Pure.

#include <cstddef>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "rules/marking.h"

namespace tocsin::responders {

struct LimitedStix {
  std::string text;
  std::size_t objects = 0;
  std::size_t indicators = 0;
  std::size_t withheld = 0;  // left out, or told without content
};

// invalid: it is no bundle.
Result<LimitedStix> limit_stix(std::string_view bundle, rules::Tlp most);

}  // namespace tocsin::responders
