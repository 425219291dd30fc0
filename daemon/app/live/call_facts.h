#pragma once
// What every method that changes something asks of its call first.

#include <string>

#include "daemon/app/live/daemon.h"
#include "daemon/store/reader.h"

namespace tocsin::daemon {

// Who is at the other end, for journals.
responders::Actor actor_of(const Call& call);
// What the audit log keeps of a change that was asked for.
AuditEntry audit_entry(const Daemon& daemon, const Call& call, std::string act, std::string target, std::string reason,
                       std::string outcome);
// usage: every change of state says why.
Result<std::string> reason_of(const Call& call);
// The incident named by the parameter "incident", as a person writes it.
Result<IncidentId> incident_of(Daemon& daemon, const Call& call);
// The run named by the parameter "run": a unique start of its id.
Result<RunRow> run_of(StoreReader& reader, const Call& call);

}  // namespace tocsin::daemon
