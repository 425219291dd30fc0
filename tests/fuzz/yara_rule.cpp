// rooms: yara
// Any bytes as a file in front of rules that use every module: scanning hostile files must not fail.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rules/yara/rule_set.h"

namespace {

struct Nowhere final : tocsin::rules::AlertSink {
  void raise(tocsin::rules::Alert) override {}
};

constexpr const char* rules_text = R"(
import "pe"
import "elf"
import "math"
import "hash"
rule a { strings: $a = "MZ" $b = { 7F 45 4C 46 } $c = /[a-f]{2,6}x/ condition: any of them or pe.number_of_sections > 2 }
rule b { condition: elf.machine == elf.EM_X86_64 or math.entropy(0, filesize) > 7.0 or hash.md5(0, filesize) == "x" }
rule c { condition: pe.imports("kernel32.dll", "CreateFileA") or pe.imphash() == "x" or filename contains "x" }
)";

struct Engine {
  Engine() {
    const std::vector<tocsin::rules::RuleSource> sources{{"fuzz.yar", rules_text}};
    set = tocsin::rules::yara::compile_yara(sources, {}, diagnostics);
    state = set->make_state();
    detector = set->attach({.names = names}, *state);
  }
  tocsin::Diagnostics diagnostics;
  tocsin::FieldNames names;
  std::shared_ptr<const tocsin::rules::RuleSet> set;
  std::unique_ptr<tocsin::rules::SharedState> state;
  std::unique_ptr<tocsin::rules::Detector> detector;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Engine engine;
  tocsin::rules::FileView file;
  file.path = "fuzz";
  file.name = "fuzz";
  file.bytes = {data, size};
  Nowhere sink;
  engine.detector->inspect(file, sink);
  return 0;
}
