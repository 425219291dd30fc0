// rooms: packet signature yara
// Packets of a capture in memory: through the packet floor alone, and with engines looking on. One thread.
//   TOCSIN_RULES=DIR   signatures of that folder too (its classification.config is read)
//   TOCSIN_CAPTURE=FILE  this capture (record_mix.py makes one) in place of the example recordings
//   TOCSIN_LIVE=1      what waits in a stream is looked at after 20 ms, as the daemon does
//   TOCSIN_COPIES=N    how often the recordings are repeated (default 300; 1 for a capture that is given)

#include <cstring>
#include <thread>

#include "collectors/base/text.h"
#include "collectors/packet/capture/recent.h"
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
    const auto copies = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(wanted == nullptr ? usual : parse_unsigned(wanted).value_or(usual), 1, 60'000));
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
  if (std::getenv("TOCSIN_LIVE") != nullptr) options.quiet_after = std::chrono::milliseconds(20);
  return options;
}

using Frames = std::vector<collectors::RawFrame>;

// One worker's frames each: both directions of a flow go to the same.
std::vector<Frames> split(const Frames& frames, std::size_t workers) {
  std::vector<Frames> parts(workers);
  for (const auto& frame : frames) {
    std::uint32_t from = 0, to = 0;
    if (frame.bytes.size() >= 34) {
      std::memcpy(&from, frame.bytes.data() + 26, sizeof from);
      std::memcpy(&to, frame.bytes.data() + 30, sizeof to);
    }
    const std::uint32_t mixed = (from ^ to) * 0x9E3779B1U;
    parts[(mixed >> 16) % workers].push_back(frame);
  }
  return parts;
}

struct Passed {
  std::uint64_t records = 0;
  std::uint64_t flows = 0;
  std::uint64_t alerts = 0;
};

// One worker's part; `set` may be null: nobody looks on.
Passed work(const Frames& frames, bool records, const rules::RuleSet* set, rules::SharedState* shared,
            AlertDesk& desk) {
  FieldNames names;
  Discard sink;
  std::unique_ptr<rules::Detector> detector;
  std::vector<collectors::Observer*> observers;
  if (set != nullptr) {
    detector = set->attach(rules::WorkerContext{names, 0, 1, "bench", Exercise::no}, *shared);
    if (auto* observer = detector->observer(desk)) observers.push_back(observer);
  }
  collectors::PacketWorker worker(packet_options(records), names, sink, observers);
  for (const auto& frame : frames) worker.process(frame);
  worker.finish();
  return {sink.records, worker.counters().flows, 0};
}

// A thread for each part but the first.
Passed pass(const std::vector<Frames>& parts, bool records, const rules::RuleSet* set) {
  const auto shared = set == nullptr ? nullptr : set->make_state();
  std::vector<AlertDesk> desks(parts.size());
  std::vector<Passed> done(parts.size());
  const auto one = [&](std::size_t i) { done[i] = work(parts[i], records, set, shared.get(), desks[i]); };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < parts.size(); ++i) threads.emplace_back(one, i);
    one(0);
  }
  Passed all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    all.records += done[i].records;
    all.flows += done[i].flows;
    if (i != 0) desks[0].take(desks[i]);
  }
  if (shared) desks[0].decide(*shared);
  all.alerts = desks[0].decided();
  return all;
}

// The part of all payload that reaches parsers and signatures: not what is past depth, behind the beginning of
// encryption, sent twice, or belongs to no connection.
double inspected_share(const Frames& frames) {
  FieldNames names;
  Discard sink;
  Payload payload;
  collectors::PacketWorker worker(packet_options(false), names, sink, {&payload});
  for (const auto& frame : frames) worker.process(frame);
  worker.finish();
  return static_cast<double>(worker.counters().stream_bytes + payload.datagrams) / static_cast<double>(payload.all);
}

void run(benchmark::State& state, bool records, const Loaded* loaded, std::size_t workers = 1) {
  const auto frames = capture().frames();
  const auto parts = split(frames, workers);
  Passed last;
  for (auto _ : state) last = pass(parts, records, loaded == nullptr ? nullptr : loaded->set.get());
  tell_rates(state, frames);
  state.counters["records"] = static_cast<double>(last.records);
  state.counters["flows"] = static_cast<double>(last.flows);
  state.counters["inspected"] = inspected_share(frames);
  if (loaded == nullptr) return;
  tell(state, *loaded);
  state.counters["alerts"] = static_cast<double>(last.alerts);
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

// The latest frames kept and chained by flow, as the daemon does for evidence: beside floor_alone, what that costs.
class KeepRecent final : public collectors::Observer {
 public:
  void take(const collectors::RawFrame& frame) { latest_ = recent_.push(frame); }
  void on_packet(const collectors::Packet& packet) override {
    if (packet.flow != nullptr) packet.flow->recent = recent_.link(latest_, packet.flow->recent);
  }

 private:
  collectors::RecentFrames recent_{32U << 20};
  std::uint64_t latest_ = 0;
};

void floor_keeping_recent(benchmark::State& state) {
  const auto frames = capture().frames();
  for (auto _ : state) {
    FieldNames names;
    Discard sink;
    KeepRecent keep;
    collectors::PacketWorker worker(packet_options(false), names, sink, {&keep});
    for (const auto& frame : frames) {
      keep.take(frame);
      worker.process(frame);
    }
    worker.finish();
  }
  tell_rates(state, frames);
}
BENCHMARK(floor_keeping_recent)->Unit(benchmark::kMillisecond);

void floor_and_records(benchmark::State& state) { run(state, true, nullptr); }
BENCHMARK(floor_and_records)->Unit(benchmark::kMillisecond);

void pack_signatures(benchmark::State& state) {
  static const Loaded loaded = load_signatures(source_folder / "rules/packs");
  run(state, true, &loaded);
}
BENCHMARK(pack_signatures)->Unit(benchmark::kMillisecond);

void given(benchmark::State& state, std::size_t workers) {
  const auto folder = folder_from("TOCSIN_RULES");
  if (folder.empty()) return state.SkipWithError("TOCSIN_RULES names no folder of signatures");
  static const Loaded loaded = load_signatures(folder);
  run(state, true, &loaded, workers);
}
void given_signatures(benchmark::State& state) { given(state, 1); }
BENCHMARK(given_signatures)->Unit(benchmark::kMillisecond);
// By the clock on the wall: both processors have to be idle.
void given_signatures_two_workers(benchmark::State& state) { given(state, 2); }
BENCHMARK(given_signatures_two_workers)->Unit(benchmark::kMillisecond)->UseRealTime();

void pack_yara(benchmark::State& state) {
  static const Loaded loaded = load([](Diagnostics& d) {
    return rules::yara::compile_yara(rule_sources(source_folder / "rules/packs", {".yar", ".yara"}), {}, d);
  });
  run(state, true, &loaded);
}
BENCHMARK(pack_yara)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin::bench
