#pragma once
// tuning.list, preview, add, remove and import: the same for the running daemon and for a file on its own.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/control/method.h"
#include "rules/tuning.h"

namespace tocsin::daemon {

// What the methods work on. Functions are called on the thread of the call.
struct TuningDesk {
  std::string file;
  std::string store;  // directory of stored alerts; empty: nothing to look at
  const Clock& clock;
  // The tuning in force; null: none is (no daemon).
  std::function<std::shared_ptr<const rules::Tuning>()> in_force;
  // Rules that are loaded, to tell which a pattern stands for.
  std::function<std::vector<rules::RuleRef>()> loaded;
  // Puts the file's new text in place and in force; `acts` says who did what, for the journal.
  struct Change {
    std::string verb;    // "tuning.add"
    std::string target;  // of the journal entry
    std::string reason;
    std::string text;
    std::vector<std::string> wanted;  // ids that must be in force afterwards
  };
  std::function<Result<void>(const Call&, const Change&)> commit;
};

void add_tuning_methods(MethodTable& methods, TuningDesk desk);

}  // namespace tocsin::daemon
