#pragma once
// process.stop: stops a process, or it and all that descend from it, with SIGSTOP over pidfd_open(2), for a limited
// time: it keeps its memory, connections and files as evidence, and goes on where it was. Needs CAP_KILL for those of
// others.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"
#include "responders/action/process_kill/process_kill.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 5> process_stop_parameters{{
    {"pid", ParameterType::process, ParameterSpec::Presence::required, {}, "number of the process"},
    {"scope", ParameterType::choice, ParameterSpec::Presence::optional, "process", "it alone, or its children too",
     process_scopes},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "8h", "how long; then it goes on"},
    {"started",
     ParameterType::number,
     ParameterSpec::Presence::optional,
     {},
     "only if it began at this clock tick since boot (field 22 of proc_pid_stat(5))"},
    {"executable", ParameterType::text, ParameterSpec::Presence::optional, {}, "only if it runs this file"},
}};
inline constexpr ActionSpec process_stop_spec{
    "process.stop",          "stop a process, or it and its children, for a limited time",
    process_stop_parameters, Capability::process_control,
    Reversibility::undoable, BlastRadius::process};

Forecast describe_process_stop(const Parameters& parameters);
std::unique_ptr<Action> make_process_stop(const ActionEnvironment& environment);

}  // namespace tocsin::responders
