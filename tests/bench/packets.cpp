// rooms: packet signature yara
// Packets of a capture in memory: through the packet floor alone, and with engines looking on. One thread.
//   TOCSIN_RULES=DIR   signatures of that folder too (its classification.config is read)
//   TOCSIN_CAPTURE=FILE  this capture (record_mix.py makes one) in place of the example recordings
//   TOCSIN_COPIES=N    how often the recordings are repeated (default 300; 1 for a capture that is given)

#include "collectors/base/text.h"
#include "collectors/packet/worker.h"
#include "rules/signature/rule_set.h"
#include "rules/yara/rule_set.h"
#include "tests/bench/capture_material.h"
#include "tests/bench/material.h"

namespace tocsin::bench {
namespace {

class Discard final : public collectors::RecordSink {
 public:
  void on_records(EventBatch batch) override { records += batch.size(); }
  std::uint64_t records = 0;
};

// Payload that went by, and how much of it was datagrams, which are always inspected.
class Payload final : public collectors::Observer {
 public:
  void on_packet(const collectors::Packet& packet) override {
    all += packet.payload.size();
    if (!packet.is_tcp()) datagrams += packet.payload.size();
  }
  std::uint64_t all = 0;
  std::uint64_t datagrams = 0;
};

const Capture& capture() {
  static const Capture made = [] {
    const char* wanted = std::getenv("TOCSIN_COPIES");
    const char* given = std::getenv("TOCSIN_CAPTURE");
    const std::uint64_t usual = given == nullptr ? 300 : 1;
    const auto copies = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(
        wanted == nullptr ? usual : parse_unsigned(wanted).value_or(usual), 1, 60'000));
    if (given != nullptr) return grow({read_capture(given)}, copies);
    const auto examples = source_folder / "etc/examples";
    return grow({read_capture(examples / "ordinary/traffic.pcap"), read_capture(examples / "intrusion/traffic.pcap")},
                copies);
  }();
  return made;
}

void tell_rates(benchmark::State& state, const std::vector<collectors::RawFrame>& frames) {
  double bytes = 0;
  for (const auto& frame : frames) bytes += static_cast<double>(frame.wire_length);
  const auto passes = static_cast<double>(state.iterations());
  state.counters["packets_per_second"] =
      benchmark::Counter(static_cast<double>(frames.size()) * passes, benchmark::Counter::kIsRate);
  state.counters["mbit_per_second"] = benchmark::Counter(bytes * 8e-6 * passes, benchmark::Counter::kIsRate);
  state.counters["packets"] = static_cast<double>(frames.size());
}

collectors::PacketOptions packet_options(bool records) {
  collectors::PacketOptions options;
  options.source = "pcap:bench";
  options.identity = "bench";
  options.host = "bench";
  options.records = records;
  return options;
}

struct Passed {
  std::uint64_t records = 0;
  collectors::PacketCounters counters;
};

// `set` may be null: nobody looks on.
Passed pass(const std::vector<collectors::RawFrame>& frames, bool records, const rules::RuleSet* set,
                   AlertDesk& desk) {
  FieldNames names;
  Discard sink;
  std::unique_ptr<rules::SharedState> shared;
  std::unique_ptr<rules::Detector> detector;
  std::vector<collectors::Observer*> observers;
  if (set != nullptr) {
    shared = set->make_state();
    detector = set->attach(rules::WorkerContext{names, 0, 1, "bench", Exercise::no}, *shared);
    if (auto* observer = detector->observer(desk)) observers.push_back(observer);
  }
  collectors::PacketWorker worker(packet_options(records), names, sink, observers);
  for (const auto& frame : frames) worker.process(frame);
  worker.finish();
  if (shared) desk.decide(*shared);
  return {sink.records, worker.counters()};
}

// The part of all payload that reaches parsers and signatures: not what is past depth, behind the beginning of
// encryption, sent twice, or belongs to no connection.
double inspected_share(const std::vector<collectors::RawFrame>& frames) {
  FieldNames names;
  Discard sink;
  Payload payload;
  collectors::PacketWorker worker(packet_options(false), names, sink, {&payload});
  for (const auto& frame : frames) worker.process(frame);
  worker.finish();
  return static_cast<double>(worker.counters().stream_bytes + payload.datagrams) / static_cast<double>(payload.all);
}

void run(benchmark::State& state, bool records, const Loaded* loaded) {
  const auto frames = capture().frames();
  AlertDesk desk;
  Passed last;
  for (auto _ : state) last = pass(frames, records, loaded == nullptr ? nullptr : loaded->set.get(), desk);
  tell_rates(state, frames);
  state.counters["records"] = static_cast<double>(last.records);
  state.counters["flows"] = static_cast<double>(last.counters.flows);
  state.counters["inspected"] = inspected_share(frames);
  if (loaded == nullptr) return;
  tell(state, *loaded);
  state.counters["alerts"] = static_cast<double>(desk.decided()) / static_cast<double>(state.iterations());
}

Loaded load_signatures(const std::filesystem::path& folder) {
  const auto sources = rule_sources(folder, {".rules"});
  rules::signature::SignatureOptions options;
  if (const auto file = folder / "classification.config"; std::filesystem::exists(file))
    options.classification = {file, read_text(file)};
  return load([&](Diagnostics& d) { return rules::signature::compile_signatures(sources, options, d); });
}

void floor_alone(benchmark::State& state) { run(state, false, nullptr); }
BENCHMARK(floor_alone)->Unit(benchmark::kMillisecond);

void floor_and_records(benchmark::State& state) { run(state, true, nullptr); }
BENCHMARK(floor_and_records)->Unit(benchmark::kMillisecond);

void pack_signatures(benchmark::State& state) {
  static const Loaded loaded = load_signatures(source_folder / "rules/packs");
  run(state, true, &loaded);
}
BENCHMARK(pack_signatures)->Unit(benchmark::kMillisecond);

void given_signatures(benchmark::State& state) {
  const auto folder = folder_from("TOCSIN_RULES");
  if (folder.empty()) return state.SkipWithError("TOCSIN_RULES names no folder of signatures");
  static const Loaded loaded = load_signatures(folder);
  run(state, true, &loaded);
}
BENCHMARK(given_signatures)->Unit(benchmark::kMillisecond);

void pack_yara(benchmark::State& state) {
  static const Loaded loaded = load([](Diagnostics& d) {
    return rules::yara::compile_yara(rule_sources(source_folder / "rules/packs", {".yar", ".yara"}), {}, d);
  });
  run(state, true, &loaded);
}
BENCHMARK(pack_yara)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin::bench
