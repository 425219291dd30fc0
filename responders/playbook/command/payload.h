#pragma once
// Payloads of yara and sigma commands, on our own engines. Compiled where a playbook is checked, and again where it is
// carried out. Any thread.

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "responders/action/process_lend_memory/lent.h"

namespace tocsin::responders {

// Empty: it compiles. Otherwise the first reason why not, with its place in the payload.
std::string payload_mistake(std::string_view type, std::string_view payload);

struct ScanLimits {
  std::size_t files_most = 100'000;
  std::size_t bytes_most = std::size_t{64} << 20U;  // of one file
  Duration time = std::chrono::minutes(10);
  const std::atomic<bool>* stop = nullptr;
};
struct ScanString {
  std::string identifier;     // "$a"
  std::uint64_t address = 0;  // in the process
  std::uint64_t length = 0;
};
struct ScanMatch {
  std::string path;  // or the process: "process:812@99173"
  std::string rule;
  // Of memory: one piece of a mapping, and what was found in it.
  Mapping mapping = {};
  std::uint64_t address = 0;  // of the piece
  std::uint64_t size = 0;
  std::vector<ScanString> strings = {};  // at most 32
};
struct ScannedProcess {
  HostProcess process;
  std::uint64_t bytes = 0, mappings = 0, pieces = 0, found = 0;
  std::string cut;    // why not all was looked at; empty: it was
  std::string error;  // why nothing was
};
struct ScanResult {
  std::vector<ScanMatch> matches;  // the first 1000
  std::uint64_t found = 0;
  std::uint64_t files = 0, unreadable = 0, skipped = 0;  // skipped: larger, or more than the caps allow
  std::vector<ScannedProcess> processes;
};
// Regular files at and below the paths, symbolic links not followed, other file systems not entered.
Result<ScanResult> scan_files(std::string_view payload, const std::vector<std::string>& paths,
                              const ScanLimits& limits);
// Each piece of memory alone, that is what of a mapping lies without a gap: no match reaches over the edge of a
// mapping. Adds to `into` what was found, and the process.
Result<void> scan_memory(std::string_view payload, const LentMemory& memory, const ScanLimits& limits,
                         ScanResult& into);
// {"matches":N,"files":N,"found":[{"path","rule"}…],"processes":[…],…}; of memory "found" has "address", "mapping" and
// "strings" with their addresses, too: never bytes of it. What does not fit into `bytes_most` is counted only.
std::string render_json(const ScanResult& result, std::size_t bytes_most);

}  // namespace tocsin::responders
