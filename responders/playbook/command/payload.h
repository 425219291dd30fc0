#pragma once
// Payloads of yara and sigma commands, on our own engines. Compiled where a playbook is checked, and again where it is
// carried out. Any thread.

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

// Empty: it compiles. Otherwise the first reason why not, with its place in the payload.
std::string payload_mistake(std::string_view type, std::string_view payload);

struct ScanLimits {
  std::size_t files_most = 100'000;
  std::size_t bytes_most = std::size_t{64} << 20U;  // of one file
  Duration time = std::chrono::minutes(10);
  const std::atomic<bool>* stop = nullptr;
};
struct ScanMatch {
  std::string path;
  std::string rule;
};
struct ScanResult {
  std::vector<ScanMatch> matches;  // the first 1000
  std::uint64_t found = 0;
  std::uint64_t files = 0, unreadable = 0, skipped = 0;  // skipped: larger, or more than the caps allow
};
// Regular files at and below the paths, symbolic links not followed, other file systems not entered.
Result<ScanResult> scan_files(std::string_view payload, const std::vector<std::string>& paths,
                              const ScanLimits& limits);
std::string render_json(const ScanResult& result);  // {"matches":N,"files":N,"found":[{"path","rule"}…],…}

}  // namespace tocsin::responders
