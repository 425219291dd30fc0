#pragma once
// rule.sets, update and rollback: rule sets that were installed, the same for the running daemon and without one.

#include <functional>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/config/config.h"
#include "daemon/control/method.h"
#include "daemon/ruleset/bundle.h"
#include "daemon/ruleset/compare.h"
#include "daemon/ruleset/shelf.h"

namespace tocsin::daemon {

struct SetDesk {
  SetShelf shelf;
  const Clock& clock;
  // Takes what is installed now into use; refuses a load that is much worse unless `force`. Empty: nobody runs.
  std::function<Result<void>(bool force)> reload;
  struct Act {
    std::string verb;  // "rule.update"
    std::string target;
    std::string reason;
    std::string outcome;
  };
  std::function<Result<void>(const Call&, const Act&)> note;  // into the journal
};
void add_set_methods(MethodTable& methods, SetDesk desk);

// Files and manifest as a request: parameters, and the contents one after the other for a descriptor.
std::string set_parameters(const std::string& set, const std::vector<BundleFile>& files, const SetManifest& manifest,
                           bool force);

// Test load: everything that is configured, once as it is and once with `directory` in place of the set's current
// generation. Nothing is changed.
struct SetJudgement {
  RuleComparison comparison;
  std::string worse;      // why it should not be taken; empty: it may
  std::size_t rules = 0;  // that the set brings
};
SetJudgement judge_set(const Config& config, const std::string& set, const std::string& directory, Time now);

}  // namespace tocsin::daemon
