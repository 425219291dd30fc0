#pragma once
// A program started and waited for: its words and its environment are given as they are, no shell in between. In a
// session of its own; whatever is left of it is ended with it. Blocks; any thread.

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

struct ProcessSpec {
  std::vector<std::string> words;  // the first is a path
  std::vector<std::pair<std::string, std::string>> environment;
  std::string input;
  std::size_t output_most = std::size_t{1} << 20U;  // of each of its two outputs; more is dropped and said
  Duration time = std::chrono::minutes(1);
  const std::atomic<bool>* stop = nullptr;  // looked at ten times a second
};

struct ProcessResult {
  int status = 0;  // exit status; 128 + signal
  std::string output;
  std::string errors;
  bool truncated = false;
  enum class End : std::uint8_t { itself, time, stopped } end = End::itself;
};

// not_found, denied …: it could not be started.
Result<ProcessResult> run_process(const ProcessSpec& spec);

}  // namespace tocsin::responders
