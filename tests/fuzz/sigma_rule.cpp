// rooms: sigma
// Any text as a rule file: it loads or is refused, and what loads runs over an event.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rules/sigma/rule_set.h"

namespace {

struct Nowhere final : tocsin::rules::AlertSink {
  void raise(tocsin::rules::Alert) override {}
};

constexpr const char* view =
    "view: all\nlogsource: {product: linux, category: x, service: y}\nevents: [{class: generic}]\n";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const std::vector<rules::RuleSource> sources{{"fuzz.yml", std::string(reinterpret_cast<const char*>(data), size)}};
  const std::vector<rules::RuleSource> views{{"view.yaml", view}};
  Diagnostics diagnostics;
  const auto set = rules::sigma::compile_sigma(sources, views, {}, diagnostics);
  FieldNames names;
  const auto state = set->make_state();
  const auto detector = set->attach({.names = names}, *state);
  EventBatch batch;
  EventBuilder builder(batch);
  builder.set(names.intern("CommandLine"), "cmd /c whoami -a --b=\xC3\x89");
  builder.set(names.intern("a"), std::int64_t{5});
  builder.finish({}, "the original line");
  Nowhere sink;
  detector->inspect(batch, sink);
  return 0;
}
