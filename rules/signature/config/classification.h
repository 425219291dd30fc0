#pragma once
// classification.config and reference.config: texts and priorities of classtypes, and prefixes of references.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "collectors/base/diagnostic.h"

namespace tocsin::rules::signature {

struct Classification {
  std::string description;
  std::uint8_t priority = 3;
};
using Classifications = std::map<std::string, Classification, std::less<>>;  // by lower-case name
using References = std::map<std::string, std::string, std::less<>>;          // lower-case key → URL prefix

// What Suricata installs. `config classification: shortname,short description,priority`
Classifications default_classifications();
References default_references();

// Adds to `out`; bad lines are reported and skipped.
void parse_classifications(std::string_view file, std::string_view text, Classifications& out,
                           Diagnostics& diagnostics);
void parse_references(std::string_view file, std::string_view text, References& out, Diagnostics& diagnostics);

}  // namespace tocsin::rules::signature
