#pragma once
// process.dump_maps: the memory of a process goes into the evidence: its memory map, and what it has mapped that the
// files on disk do not tell (private, anonymous, executable, of deleted files), with digests and a manifest of ranges.
// Nothing of the process changes, and it runs on; process.stop before it makes the copy one of a single moment. Needs
// CAP_SYS_PTRACE for processes of others. The responder waits for it, so its time is short.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 5> process_dump_maps_parameters{{
    {"pid", ParameterType::process, ParameterSpec::Presence::required, {}, "number of the process"},
    {"bytes", ParameterType::number, ParameterSpec::Presence::optional, "268435456",
     "copy at most so many, the most telling first; 4 GiB at most"},
    {"time", ParameterType::duration, ParameterSpec::Presence::optional, "10s", "for at most so long; 1m at most"},
    {"started",
     ParameterType::number,
     ParameterSpec::Presence::optional,
     {},
     "only if it began at this clock tick since boot (field 22 of proc_pid_stat(5))"},
    {"executable", ParameterType::text, ParameterSpec::Presence::optional, {}, "only if it runs this file"},
}};
inline constexpr ActionSpec process_dump_maps_spec{"process.dump_maps",
                                                   "copy the memory map and the private memory of a process into the "
                                                   "evidence",
                                                   process_dump_maps_parameters,
                                                   Capability::process_memory,
                                                   Reversibility::irreversible,
                                                   BlastRadius::message};

Forecast describe_process_dump_maps(const Parameters& parameters);
std::unique_ptr<Action> make_process_dump_maps(const ActionEnvironment& environment);

}  // namespace tocsin::responders
