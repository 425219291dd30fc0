#pragma once
// process.lend_memory: a copy of what a process has in memory, for a program without privileges that looks into it (a
// yara command of a playbook). The copy is in memory only, sealed, within bytes and time, held for who asked, handed
// over once, and gone when its time is over, when all is halted or when the responder ends. Nothing of the process
// changes, and it runs on. Needs CAP_SYS_PTRACE for processes of others. The responder waits for it, so its time is
// short.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 6> process_lend_memory_parameters{{
    {"pid", ParameterType::process, ParameterSpec::Presence::required, {}, "number of the process"},
    {"bytes", ParameterType::number, ParameterSpec::Presence::optional, "268435456",
     "copy at most so many, the most telling first; 256 MiB at most"},
    {"time", ParameterType::duration, ParameterSpec::Presence::optional, "10s", "for at most so long; 30s at most"},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "1m",
     "how long the copy waits for who asked; 5m at most"},
    {"started",
     ParameterType::number,
     ParameterSpec::Presence::optional,
     {},
     "only if it began at this clock tick since boot (field 22 of proc_pid_stat(5))"},
    {"executable", ParameterType::text, ParameterSpec::Presence::optional, {}, "only if it runs this file"},
}};
inline constexpr ActionSpec process_lend_memory_spec{"process.lend_memory",
                                                     "lend a copy of a process's memory to the program that asks, to "
                                                     "be looked at",
                                                     process_lend_memory_parameters,
                                                     Capability::process_memory,
                                                     Reversibility::undoable,
                                                     BlastRadius::message,
                                                     Readback::reliable,
                                                     Gives::descriptors};

Forecast describe_process_lend_memory(const Parameters& parameters);
std::unique_ptr<Action> make_process_lend_memory(const ActionEnvironment& environment);

}  // namespace tocsin::responders
