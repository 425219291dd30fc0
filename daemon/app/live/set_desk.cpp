// rule.sets, update and rollback of the running daemon: what is installed is loaded beside what is in force.

#include "daemon/app/live/call_facts.h"
#include "daemon/app/live/daemon.h"
#include "daemon/app/set_methods.h"

namespace tocsin::daemon {

void add_live_set_methods(MethodTable& methods, Daemon& daemon) {
  SetDesk desk{SetShelf(daemon.config().rules.installed), daemon.clock(), {}, {}};
  desk.reload = [&daemon](bool force) {
    return daemon.reload([force](const Generation& old, const Generation& next) -> Result<void> {
      const auto worse = much_worse({old.engines->loaded(), old.refused}, {next.engines->loaded(), next.refused});
      if (!force && !worse.empty()) return fail(Code::conflict, worse + "; --force takes it all the same");
      return {};
    });
  };
  desk.note = [&daemon](const Call& call, const SetDesk::Act& act) {
    return daemon.on_casework([&](Keeper& keeper) {
      return keeper.store().records().add_audit(
          audit_entry(daemon, call, act.verb, act.target, act.reason, act.outcome));
    });
  };
  add_set_methods(methods, std::move(desk));
}

}  // namespace tocsin::daemon
