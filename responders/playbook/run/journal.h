#pragma once
// What a run writes down so that it can go on after a crash: the intent before each effect, the outcome after it, at
// the latest with the next intent or when the run comes to rest: an effect whose outcome is lost is asked for again
// under its key.
// Everything else (which branch, which variable) follows from these and the playbook. Values only.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

struct RunRecord {
  enum class Kind : std::uint8_t {
    started,    // `detail`: plan id and version; `outputs`: incident, reason, on whose behalf
    input,      // `execution`: variable name, `detail`: its value
    step,       // a step begins: `execution`, `step`, `detail`: its label
    intent,     // a command is about to take effect
    waiting,    // the command waits for an approver, a person or an answer of the guard: `status`, `detail`
    outcome,    // it did, or failed: `status`, `detail`, `outputs`
    answer,     // a person answered a manual step
    finished,   // `status`
    paused,     // a person holds the run: `detail` is who and why
    continued,  // and lets it go on
    agreed,     // a person in a role did, or did not: `status`, `detail`; `outputs`: who, and his roles
    retried     // a person has the failed step `execution` done once more; what follows is decided anew
  };
  Kind kind = Kind::started;
  Time time{};
  // "action--uuid#2" (second time in this run), with "/1" for its first command, and "~2" when that is done once more.
  std::string execution;
  std::string step;
  std::string status;  // "done", "failed", "timed_out", "unknown"; waiting: "approval", "person", "responder"
  std::string detail;
  std::vector<std::pair<std::string, std::string>> outputs;
};
std::string_view run_record_kind_name(RunRecord::Kind kind) noexcept;
std::optional<RunRecord::Kind> parse_run_record_kind(std::string_view name) noexcept;
// One line of JSON, and back. invalid: not a record.
std::string render_json(const RunRecord& record);
Result<RunRecord> parse_run_record(std::string_view json);

// One run at a time writes to one journal.
class RunJournal {
 public:
  virtual ~RunJournal() = default;
  // All of them or none; durable when it returns. Each call costs a round trip to the disk.
  virtual Result<void> append(std::span<const RunRecord> records) = 0;
};

}  // namespace tocsin::responders
