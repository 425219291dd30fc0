// rooms: signature
// Rules up to the first zero byte, a capture after it, through the whole packet floor: the fast matcher with prefilter
// and the plain one without must raise the same alerts.
#include <cstdlib>
#include <vector>

#include "collectors/packet/capture/file.h"
#include "collectors/packet/worker.h"
#include "rules/signature/rule_set.h"

using namespace tocsin;

namespace {

struct Collect final : rules::AlertSink {
  void raise(rules::Alert alert) override {
    alerts.push_back(alert.rule->id + "@" + std::to_string(alert.packet ? alert.packet->packet : 0));
  }
  std::vector<std::string> alerts;
};

class Drop final : public collectors::RecordSink {
 public:
  void on_records(EventBatch) override {}
};

std::vector<std::string> run(const std::string& text, Bytes capture, bool fast) {
  const std::vector<rules::RuleSource> sources{{"fuzz.rules", text}};
  rules::signature::SignatureOptions options;
  options.patterns.acceleration = fast ? rules::Acceleration::automatic : rules::Acceleration::off;
  options.prefilter = fast;
  Diagnostics diagnostics;
  const auto set = rules::signature::compile_signatures(sources, options, diagnostics);
  if (set->rules().empty()) return {};
  FieldNames names;
  const auto state = set->make_state();
  const auto detector = set->attach({names, 0, 1, "host"}, *state);
  Collect out;
  auto file = collectors::CaptureFile::open(source_from_memory(capture), 1U << 20);
  if (!file) return {};
  collectors::PacketOptions packets;
  packets.decode.checksums = collectors::ChecksumMode::ignore;
  packets.stream.midstream = true;
  Drop drop;
  {
    collectors::PacketWorker worker(packets, names, drop, {detector->observer(out)});
    collectors::RawFrame frame;
    for (;;) {
      const auto more = file->next(frame);
      if (!more || !*more) break;
      worker.process(frame);
    }
    worker.finish();
  }
  return out.alerts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t cut = 0;
  while (cut < size && data[cut] != 0) ++cut;
  if (cut + 1 >= size || size > 32'768) return 0;
  const std::string text(reinterpret_cast<const char*>(data), cut);
  const Bytes capture(data + cut + 1, size - cut - 1);
  if (run(text, capture, true) != run(text, capture, false)) std::abort();
  return 0;
}
