#include "daemon/app/live/call_facts.h"

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::daemon {

responders::Actor actor_of(const Call& call) {
  responders::Actor actor;
  actor.uid = call.peer().user;
  actor.login_uid = call.peer().login_user.value_or(responders::Actor::nobody);
  actor.name = call.peer().name;
  return actor;
}

AuditEntry audit_entry(const Daemon& daemon, const Call& call, std::string act, std::string target, std::string reason,
                       std::string outcome) {
  return {0,
          daemon.clock().now(),
          actor_of(call),
          std::move(act),
          std::move(target),
          std::move(reason),
          std::move(outcome)};
}

Result<std::string> reason_of(const Call& call) {
  const auto reason = call.text("reason").value_or("");
  if (reason.empty()) return fail(Code::usage, "say why with --reason \"…\"; it is kept in the journal");
  return reason;
}

Result<IncidentId> incident_of(Daemon& daemon, const Call& call) {
  TOCSIN_TRY(const auto name, call.require("incident"));
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  return reader->find_incident(name);
}

Result<RunRow> run_of(StoreReader& reader, const Call& call) {
  TOCSIN_TRY(const auto name, call.require("run"));
  TOCSIN_TRY(const auto runs, reader.records().runs({}));
  const RunRow* found = nullptr;
  for (const auto& run : runs) {
    if (!render_uuid(run.id.uuid).starts_with(lower_ascii(name))) continue;
    if (found != nullptr)
      return fail(Code::conflict, fmt::format("several runs begin with {}; write more of it", name));
    found = &run;
  }
  if (found == nullptr)
    return fail(Code::not_found,
                fmt::format("no run begins with {}; see tocsin playbook status", escape_terminal(name)));
  return *found;
}

}  // namespace tocsin::daemon
