// rooms: signature
#include <cstddef>
#include <cstdint>

#include "rules/signature/rule_set.h"

// Any text is a rule file in Snort 3's language, and one that does not say which language it is in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const char* file : {"fuzz.snort3", "fuzz.rules"}) {
    const std::vector<rules::RuleSource> sources{{file, text}};
    rules::signature::SignatureOptions options;
    options.patterns.acceleration = rules::Acceleration::off;
    Diagnostics diagnostics;
    (void)rules::signature::compile_signatures(sources, options, diagnostics)->lint();
  }
  return 0;
}
