#pragma once
// collect.triage: what an investigator asks for first, copied before it is gone: processes with maps, open files and
// environment names, connections, modules, mounts, accounts, cron, units. Changes nothing; every file gets its SHA-256.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 1> collect_triage_parameters{{
    {"pid",
     ParameterType::process,
     ParameterSpec::Presence::optional,
     {},
     "this process in full: maps and what it holds open"},
}};
inline constexpr ActionSpec collect_triage_spec{"collect.triage",
                                                "copy what this host shows of itself now into the evidence",
                                                collect_triage_parameters,
                                                Capability::file_owner,
                                                Reversibility::irreversible,
                                                BlastRadius::message};

Forecast describe_collect_triage(const Parameters& parameters);
std::unique_ptr<Action> make_collect_triage(const ActionEnvironment& environment);

}  // namespace tocsin::responders
