// tuning.* of the running daemon: the file is written, the rules are loaded again beside those in force, and if that
// does not bring what was asked the file is put back.

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"
#include "daemon/app/live/call_facts.h"
#include "daemon/app/live/daemon.h"
#include "daemon/app/rule_files.h"
#include "daemon/app/tuning_methods.h"

namespace tocsin::daemon {
namespace {

// Every entry that was asked for must be there, and no more rules refused than before.
Result<void> brings(const TuningDesk::Change& change, const Generation& old, const Generation& next) {
  const auto& entries = next.engines->tuning()->entries();
  for (const auto& id : change.wanted)
    if (std::ranges::none_of(entries, [&](const auto& tuned) { return tuned->entry().id == id; }))
      return fail(Code::conflict, fmt::format("the entry {} was not read back", id));
  if (next.refused > old.refused)
    return fail(Code::conflict, fmt::format("{} more rules would be refused; does `replace` leave a whole rule?",
                                            next.refused - old.refused));
  return {};
}

Result<void> note(Daemon& daemon, const Call& call, const TuningDesk::Change& change, const std::string& outcome) {
  return daemon.on_casework([&](Keeper& keeper) {
    return keeper.store().records().add_audit(
        audit_entry(daemon, call, change.verb, change.target, change.reason, outcome));
  });
}

Result<void> commit(Daemon& daemon, const Call& call, const TuningDesk::Change& change) {
  const std::string& file = daemon.config().rules.tuning;
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), error);
  const bool existed = std::filesystem::exists(file, error);
  std::string before;
  if (existed) {
    TOCSIN_TRY(before, read_file(file, 1U << 20));
  }
  TOCSIN_CHECK(replace_file(file, as_bytes(change.text), 0644));
  auto loaded = daemon.reload([&](const Generation& old, const Generation& next) { return brings(change, old, next); });
  if (!loaded) {
    if (existed) {
      TOCSIN_CHECK(replace_file(file, as_bytes(before), 0644));
    } else {
      std::filesystem::remove(file, error);
    }
  }
  TOCSIN_CHECK(note(daemon, call, change, loaded ? "ok" : loaded.error().message));
  return loaded;
}

}  // namespace

void add_live_tuning_methods(MethodTable& methods, Daemon& daemon) {
  TuningDesk desk{daemon.config().rules.tuning, daemon.config().store.directory, daemon.clock(), {}, {}, {}};
  desk.in_force = [&daemon] { return daemon.generations().current()->engines->tuning(); };
  desk.loaded = [&daemon] {
    std::vector<rules::RuleRef> out;
    const auto generation = daemon.generations().current();
    for (const auto& active : generation->engines->active())
      out.insert(out.end(), active.set->rules().begin(), active.set->rules().end());
    return out;
  };
  desk.commit = [&daemon](const Call& call, const TuningDesk::Change& change) -> Result<void> {
    if (daemon.config().rules.tuning.empty())
      return fail(Code::conflict, "`rules.tuning` names no file; set it in the configuration");
    return commit(daemon, call, change);
  };
  add_tuning_methods(methods, std::move(desk));
}

}  // namespace tocsin::daemon
