#pragma once
// One scan of one piece of memory. Not thread-safe: each detector has its own.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"
#include "rules/alert.h"
#include "rules/yara/compile.h"
#include "rules/yara/rule_set.h"

namespace tocsin::rules::yara {

// The external variables of one scan.
struct Subject {
  std::string_view filename;
  std::string_view filepath;
  std::string_view owner;
  std::string_view where;  // for people: "file", "stream to_server"
};

struct Hit {
  std::size_t rule = 0;  // index in CompiledRules::by_index
  std::vector<Reason> why;
};

// What scanning did and what it could not do. Shared by all workers of a rule set.
struct ScanCounters {
  ScanCounters(Metrics& metrics, std::size_t rules);

  Counter& scans;
  Counter& bytes;
  Counter& timeouts;
  Counter& failures;             // libyara gave up for another reason (memory, too deep)
  Counter& truncated;            // inputs longer than what is scanned
  Counter& too_many;             // a string matched more often than libyara records
  Counter& scanned_early;        // kept bytes were over their cap
  std::vector<Counter> by_rule;  // matches, by rule index
};

class Scanner {
 public:
  Scanner(const CompiledRules& rules, const YaraOptions& options, ScanCounters& counters);
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  // Hits in rule order. After a time-out or failure what was found so far is given.
  std::vector<Hit> scan(Bytes bytes, const Subject& subject);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "EXE", "ELF", "PDF", … by the first bytes; empty if unknown. What rules compare `filetype` with.
std::string_view file_type(Bytes bytes) noexcept;

}  // namespace tocsin::rules::yara
