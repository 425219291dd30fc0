// rooms: signature
#include <cstddef>
#include <cstdint>

#include "rules/signature/rule_set.h"

// Any text is a rule file, a classification file and a threshold file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::vector<rules::RuleSource> sources{{"fuzz.rules", text}};
  rules::signature::SignatureOptions options;
  options.patterns.acceleration = rules::Acceleration::off;
  options.classification = {"classification.config", text};
  options.reference = {"reference.config", text};
  options.threshold = {"threshold.config", text};
  Diagnostics diagnostics;
  (void)rules::signature::compile_signatures(sources, options, diagnostics);
  return 0;
}
