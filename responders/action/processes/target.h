#pragma once
// The processes that process.kill, process.stop and process.dump_maps name: pid, scope, started, executable.

#include <span>
#include <string>
#include <vector>

#include "responders/action/action.h"
#include "responders/action/processes/processes.h"

namespace tocsin::responders {

// The process that the parameters mean, whatever their scope. not_found: there is none (any more); conflict: the number
// belongs to another process now.
Result<HostProcess> target_process(const Parameters& parameters);
// Parents first when a tree is meant.
Result<std::vector<HostProcess>> target_processes(const Parameters& parameters);
std::string shown(const HostProcess& process);
// Each is sent the signal; one that ended meanwhile is passed over. How many got it.
Result<std::size_t> signal_all(std::span<const HostProcess> processes, int signal);
// Stops the tree until it has no member that was not stopped: what forks faster than this runs into the cap.
Result<std::vector<HostProcess>> stop_all(const Parameters& parameters);
// "812@99173,813@99180": what undo needs to reach the very same processes.
std::string render_token(std::span<const HostProcess> processes);
std::vector<HostProcess> parse_token(std::string_view token);

}  // namespace tocsin::responders
