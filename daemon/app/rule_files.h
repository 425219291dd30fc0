#pragma once
// Rule files on disk → sources by engine. Reading is here so that compilers never touch the file system.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "collectors/base/result.h"
#include "rules/detector.h"

namespace tocsin::daemon {

struct RuleFiles {
  std::vector<rules::RuleSource> signatures;
  std::vector<rules::RuleSource> sigma;
  std::vector<rules::RuleSource> yara;
  std::vector<rules::RuleSource> tuning;  // tuning.yaml beside rules
  std::string classification;  // text of classification.config, reference.config, threshold.config found beside rules
  std::string reference;
  std::string threshold;
  std::size_t files = 0;
};

// A path is a rule file (.rules, .snort3; .yml or .yaml; .yar or .yara) or a directory searched for them, in name
// order; tests beside rules (*.test.yaml) are passed over. A path that cannot be read or is no rule file is a
// diagnostic, the rest is read.
RuleFiles read_rule_files(std::span<const std::string> paths, Diagnostics& diagnostics);

// Indicator lists: files as they are named, and every file in a directory, at any depth, but hidden ones.
std::vector<rules::RuleSource> read_indicator_files(std::span<const std::string> paths, Diagnostics& diagnostics);

// A text file of at most `most` bytes; NUL bytes are allowed.
Result<std::string> read_file(const std::string& path, std::size_t most = 256U << 20);

}  // namespace tocsin::daemon
