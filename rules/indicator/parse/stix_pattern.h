#pragma once
// Patterns of STIX 2.1 indicators (section 9 of the specification), as far as they are about values: comparisons by
// `=`, `IN`, `ISSUBSET` and `LIKE '%.name'` of addresses, domains, URLs and hashes, joined by OR. What AND joins is
// taken where one side alone is enough (the hashes of one file; an address and its port; a comparison of types or
// protocols).

#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "rules/indicator/indicator.h"

namespace tocsin::rules::indicator {

struct PatternTerm {
  std::string text;
  std::optional<Kind> kind;  // none: told by its form
  Reach reach = Reach::exact;
};

struct PatternTerms {
  std::vector<PatternTerm> terms;  // any of them is enough; at least one
  bool partly = false;             // there were others that nothing here can match
};

// Fails with what cannot be used and where.
Result<PatternTerms> parse_stix_pattern(std::string_view pattern);
// "MD5", "SHA-1", "sha256" …
std::optional<Kind> stix_hash_kind(std::string_view algorithm);

}  // namespace tocsin::rules::indicator
