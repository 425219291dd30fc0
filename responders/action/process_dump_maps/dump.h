#pragma once
// Copies memory of one process into a file. Reads /proc/PID/mem alone, never attaches, never stops: nothing of the
// process changes, and what it writes meanwhile may be old in one page and new in the next. Of deleted files the kernel
// maps in, unchanged, what the process had not read yet. Any thread; blocks as long as the limits let it.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "responders/action/process_dump_maps/maps.h"
#include "responders/action/processes/processes.h"

namespace tocsin::responders {

// Of the very process that was looked at: a number given to another one meanwhile is noticed (conflict; not_found when
// it has ended). Needs CAP_SYS_PTRACE for those of others.
struct ProcessMemory {
  OwnedDescriptor folder;   // of /proc; dies with the process
  OwnedDescriptor memory;   // what ptrace_may_access allowed when it was opened
  OwnedDescriptor present;  // pagemap; empty where the kernel refuses it: then all pages are read
  std::string maps;
  bool maps_cut = false;
};
Result<ProcessMemory> open_memory(const HostProcess& process);

struct DumpLimits {
  std::uint64_t bytes_most = 256ULL << 20U;
  std::size_t mappings_most = 4096;
  std::size_t runs_most = 65'536;
  Duration time = std::chrono::seconds(10);
};

struct DumpedRun {
  std::uint64_t begin = 0;   // in the process
  std::uint64_t size = 0;    // bytes
  std::uint64_t offset = 0;  // in the file
};
struct DumpedMapping {
  Mapping mapping;
  std::vector<DumpedRun> runs;
  std::uint64_t copied = 0;
  std::uint64_t untouched = 0;   // not mapped in by the process: empty, or as in the file
  std::uint64_t unreadable = 0;  // the kernel refused
  std::string sha256;            // of its runs, one behind the other
};
struct Dump {
  std::vector<DumpedMapping> mappings;  // in the order they were copied
  std::uint64_t bytes = 0;              // of the file
  std::string sha256;                   // of the file
  std::size_t left_out = 0;             // mappings worth copying that were not reached, or not to their end
  std::string cut;                      // why; empty: all was copied
};

// `to`: a file, written from its start. `elapsed`: since the copying began.
Result<Dump> dump_memory(const ProcessMemory& process, const std::vector<Mapping>& wanted, int to,
                         const DumpLimits& limits, const std::function<Duration()>& elapsed);

}  // namespace tocsin::responders
