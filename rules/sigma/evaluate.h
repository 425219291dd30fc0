#pragma once
// Answers for `tocsin rule eval`: one JSON object in, one out, log-source routing bypassed. The same engine as the live
// path. Shapes:
//
//   {"rule": ID, "event": {…}}              → {"match": true|false, "why": [{"condition","where","value"}]}
//   {"key": "field|modifier", "value": …}   → {"values": [TREE…], "link": "or"|"and", "neg": true|false}
//   {"correlation": {…}, "rules": [{…}], "events": [{"ts": seconds, …}]}
//                                           → {"firings": [{"key": [group values], "ts": seconds, "value": number}]}
//   anything that is refused                → {"error": {"code", "reason"}}
//
// TREE is one of {"str": [text | {"w": "*"|"?"} | {"ph": name}…]}, {"cased": text}, {"num"}, {"bool"}, {"null": true},
// {"re", "flags": ["dotall","ignorecase","multiline"]}, {"cidr"}, {"exists"}, {"fieldref","starts","ends"},
// {"lt"|"lte"|"gt"|"gte": number}, {"timepart","n","op"}, {"any": [TREE…]}.
// Events are flat or nested; nested keys join with dots; "_raw" is the original line.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "collectors/base/diagnostic.h"
#include "collectors/base/result.h"
#include "rules/detector.h"
#include "rules/sigma/rule_set.h"

namespace tocsin::rules::sigma {

// Not thread-safe.
class Evaluator {
 public:
  Evaluator(std::span<const RuleSource> rules, const SigmaOptions& options, Diagnostics& diagnostics);
  ~Evaluator();
  // One JSON object without a newline. Fails only when the line is not one of the questions.
  Result<std::string> answer(std::string_view json_line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::rules::sigma
