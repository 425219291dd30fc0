// rooms: yara
// Rules up to the first zero byte, a file after it: any text compiles or is refused, and what compiles scans.

#include <cstdint>
#include <string>
#include <vector>

#include "rules/yara/rule_set.h"

namespace {
struct Nowhere final : tocsin::rules::AlertSink {
  void raise(tocsin::rules::Alert) override {}
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  if (size > 8192) return 0;
  const auto text = as_text({data, size});
  const auto cut = text.find('\0');
  const std::vector<rules::RuleSource> sources{{"fuzz.yar", std::string(text.substr(0, cut))}};
  Diagnostics diagnostics;
  rules::yara::YaraOptions options;
  options.scan_timeout = std::chrono::seconds(2);
  const auto set = rules::yara::compile_yara(sources, options, diagnostics);
  FieldNames names;
  const auto state = set->make_state();
  const auto detector = set->attach({.names = names}, *state);
  rules::FileView file;
  file.path = file.name = "fuzz";
  if (cut != std::string_view::npos) file.bytes = as_bytes(text.substr(cut + 1));
  Nowhere sink;
  detector->inspect(file, sink);
  return 0;
}
