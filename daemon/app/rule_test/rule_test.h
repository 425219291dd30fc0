#pragma once
// Tests beside rules: NAME.test.yaml holds what must hit and what must not (format: rules/packs/README.md). Each case
// goes through the real engines: lines through the decoders, conversations as packets, bytes as a file.

#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {

struct RuleTestFailure {
  std::string file;
  std::string rule;
  std::string which;  // "hit 2", "near miss 1"
  std::string reason;
};
struct RuleTestOutcome {
  std::size_t passed = 0;
  std::vector<RuleTestFailure> failures;
};

// Directories are searched for *.test.yaml; the rules tested are those of the same paths.
Result<RuleTestOutcome> run_rule_tests(const Config& config, const std::vector<std::string>& paths);

}  // namespace tocsin::daemon
