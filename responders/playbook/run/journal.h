#pragma once
// What a run writes down so that it can go on after a crash: the intent before each effect, the outcome after it.
// Everything else (which branch, which variable) follows from these and the playbook. Values only.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

struct RunRecord {
  enum class Kind : std::uint8_t {
    started,  // `detail`: plan id and version
    input,    // `execution`: variable name, `detail`: its value
    step,     // a step begins: `execution`, `step`, `detail`: its label
    intent,   // a command is about to take effect
    outcome,  // it did, or failed: `status`, `detail`, `outputs`
    answer,   // a person answered a manual step
    finished  // `status`
  };
  Kind kind = Kind::started;
  Time time{};
  std::string execution;  // "action--uuid#2" (second time in this run), with "/1" for the second command
  std::string step;
  std::string status;  // "done", "failed", "timed_out", …
  std::string detail;
  std::vector<std::pair<std::string, std::string>> outputs;
};
std::string_view run_record_kind_name(RunRecord::Kind kind) noexcept;
std::optional<RunRecord::Kind> parse_run_record_kind(std::string_view name) noexcept;

// Durable when append returns. One run at a time writes to one journal.
class RunJournal {
 public:
  virtual ~RunJournal() = default;
  virtual Result<void> append(const RunRecord& record) = 0;
};

}  // namespace tocsin::responders
