// rooms: signature
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "rules/signature/rule_set.h"

namespace {

struct Collect final : tocsin::rules::AlertSink {
  void raise(tocsin::rules::Alert alert) override { ids.push_back(alert.rule->id); }
  std::vector<std::string> ids;
};

std::vector<std::string> run(const std::string& rule, tocsin::Bytes payload, bool prefilter) {
  using namespace tocsin;
  const std::vector<rules::RuleSource> sources{{"fuzz.rules", rule}};
  rules::signature::SignatureOptions options;
  options.patterns.acceleration = rules::Acceleration::off;
  options.prefilter = prefilter;
  Diagnostics diagnostics;
  const auto set = rules::signature::compile_signatures(sources, options, diagnostics);
  const auto state = set->make_state();
  FieldNames names;
  const auto detector = set->attach({names, 0, 1, "host"}, *state);
  Collect out;
  auto* observer = detector->observer(out);
  observer->attached(0);
  collectors::Flow flow;
  flow.transport = 6;
  flow.state = collectors::FlowState::established;
  static constexpr std::uint8_t header[20] = {0x45};
  std::uint64_t offset = 0;
  while (offset < payload.size()) {
    const auto part = payload.subspan(offset, std::min<std::size_t>(payload.size() - offset, 1 + payload.size() / 3));
    collectors::Packet p;
    p.number = offset + 1;
    p.ip_version = 4;
    p.ip_header = header;
    p.protocol = 6;
    p.transport = header;
    p.payload = part;
    p.source = p.destination = IpAddress::v4(0x01020304);
    p.flow = &flow;
    observer->on_stream({flow, collectors::Direction::to_server, offset, part, 0, false, &p});
    observer->on_packet(p);
    offset += part.size();
  }
  return out.ids;
}

}  // namespace

// Rules up to the first zero byte, payload after it: prefilter on and off must agree.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t cut = 0;
  while (cut < size && data[cut] != 0) ++cut;
  const std::string rules(reinterpret_cast<const char*>(data), cut);
  const tocsin::Bytes payload(data + std::min(cut + 1, size), size - std::min(cut + 1, size));
  if (payload.size() > 4'096) return 0;
  if (run(rules, payload, true) != run(rules, payload, false)) std::abort();
  return 0;
}
