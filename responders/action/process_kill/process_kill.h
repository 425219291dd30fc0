#pragma once
// process.kill: ends a process, or it and all that descend from it, with SIGKILL over pidfd_open(2). A tree is stopped
// first, so that nothing new is started while it is taken down. Needs CAP_KILL for processes of others.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<std::string_view, 2> process_scopes{"process", "tree"};
inline constexpr std::array<ParameterSpec, 4> process_kill_parameters{{
    {"pid", ParameterType::process, ParameterSpec::Presence::required, {}, "number of the process"},
    {"scope", ParameterType::choice, ParameterSpec::Presence::optional, "process", "it alone, or its children too",
     process_scopes},
    {"started",
     ParameterType::number,
     ParameterSpec::Presence::optional,
     {},
     "only if it began at this clock tick since boot (field 22 of proc_pid_stat(5))"},
    {"executable", ParameterType::text, ParameterSpec::Presence::optional, {}, "only if it runs this file"},
}};
inline constexpr ActionSpec process_kill_spec{"process.kill",
                                              "end a process, or it and its children",
                                              process_kill_parameters,
                                              Capability::process_control,
                                              Reversibility::irreversible,
                                              BlastRadius::process};

Forecast describe_process_kill(const Parameters& parameters);
std::unique_ptr<Action> make_process_kill(const ActionEnvironment& environment);

}  // namespace tocsin::responders
