// rooms: log sigma
// Log events: lines of the example recordings repeated in memory, through decoding alone and with Sigma after it. One
// thread.
//   TOCSIN_SIGMA=DIR   the Sigma rules of that folder too
//   TOCSIN_LOG_MB=N    megabytes of lines per pass (default 16)
//   TOCSIN_LOG_FILE=F  syslog lines of that file too (compare.py: the same bytes for the peer)

#include "collectors/base/text.h"
#include "collectors/log/input/log_input.h"
#include "rules/sigma/rule_set.h"
#include "tests/bench/material.h"

namespace tocsin::bench {
namespace {

// The same lines over and over, `passes` times.
class Repeated : public ByteSource {
 public:
  Repeated(const std::string& text, std::size_t passes) : text_(text), left_(passes) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (at_ == text_.size()) at_ = 0;
    if (at_ == 0 && left_ == 0) return std::size_t{0};
    if (at_ == 0) --left_;
    const std::size_t count = std::min(into.size(), text_.size() - at_);
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }

 private:
  const std::string& text_;
  std::size_t left_;
  std::size_t at_ = 0;
};

const std::string& lines(const char* name) {
  static std::map<std::string, std::string> read;
  auto& text = read[name];
  if (text.empty()) text = read_text(source_folder / "etc/examples/intrusion" / name);  // an absolute name stays itself
  return text;
}

std::size_t bytes_wanted() {
  const char* wanted = std::getenv("TOCSIN_LOG_MB");
  return std::clamp<std::size_t>(wanted == nullptr ? 16 : parse_unsigned(wanted).value_or(16), 1, 4096) << 20;
}

std::shared_ptr<const collectors::DecoderSet> decoders(FieldNames& names) {
  Diagnostics diagnostics;
  const auto sources = collectors::read_decoder_directory(source_folder / "etc/decoders");
  return sources ? collectors::compile_decoders(*sources, names, diagnostics) : nullptr;
}

struct Pass {
  std::uint64_t events = 0;
  std::uint64_t lines = 0;
};

Pass pass(const std::string& text, collectors::LogKind kind, std::shared_ptr<const collectors::DecoderSet> set,
          FieldNames& names, rules::Detector* detector, AlertDesk& desk) {
  collectors::LogInputOptions options;
  options.name = "file:bench";
  options.kind = kind;
  options.host = "bench";
  options.year = 2026;
  auto input = collectors::LogInput::open(std::make_unique<Repeated>(text, bytes_wanted() / text.size() + 1),
                                          std::move(options), std::move(set), names);
  Pass done;
  if (!input) return done;
  while (true) {
    EventBatch batch;
    const auto more = input->next(batch);
    if (!more || !*more) break;
    done.events += batch.size();
    if (detector != nullptr) detector->inspect(batch, desk);
  }
  done.lines = input->counts().lines;
  return done;
}

void run(benchmark::State& state, const char* name, collectors::LogKind kind, const Loaded* loaded) {
  static FieldNames names;  // rule sets hold numbers of names: one table for all
  static const auto set = decoders(names);
  if (!set) return state.SkipWithError("etc/decoders cannot be read");
  const std::string& text = lines(name);
  if (text.empty()) return state.SkipWithError("the example recording is not there");
  AlertDesk desk;
  Pass total;
  for (auto _ : state) {
    std::unique_ptr<rules::SharedState> shared;
    std::unique_ptr<rules::Detector> detector;
    if (loaded != nullptr) {
      shared = loaded->set->make_state();
      detector = loaded->set->attach(rules::WorkerContext{names, 0, 1, "bench", Exercise::no}, *shared);
    }
    const Pass done = pass(text, kind, set, names, detector.get(), desk);
    if (done.events == 0) return state.SkipWithError("no events came out");
    if (shared) desk.decide(*shared);
    total.events += done.events;
    total.lines += done.lines;
  }
  using benchmark::Counter;
  const double bytes = static_cast<double>(bytes_wanted() / text.size() * text.size());
  state.counters["events_per_second"] = Counter(static_cast<double>(total.events), Counter::kIsRate);
  state.counters["lines_per_second"] = Counter(static_cast<double>(total.lines), Counter::kIsRate);
  state.counters["mb_per_second"] = Counter(bytes * 1e-6 * static_cast<double>(state.iterations()), Counter::kIsRate);
  if (loaded == nullptr) return;
  tell(state, *loaded);
  state.counters["alerts"] = static_cast<double>(desk.decided()) / static_cast<double>(state.iterations());
}

Loaded load_sigma(const std::filesystem::path& folder) {
  const auto sources = rule_sources(folder, {".yml", ".yaml"});
  const auto views = rule_sources(source_folder / "rules/sigma/views", {".yaml"});
  return load([&](Diagnostics& d) { return rules::sigma::compile_sigma(sources, views, {}, d); });
}

using collectors::LogKind;

void decode_auth(benchmark::State& state) { run(state, "auth.log", LogKind::syslog, nullptr); }
void decode_audit(benchmark::State& state) { run(state, "audit.log", LogKind::audit, nullptr); }
void decode_file(benchmark::State& state) {
  const char* file = std::getenv("TOCSIN_LOG_FILE");
  if (file == nullptr) return state.SkipWithError("TOCSIN_LOG_FILE names no file of syslog lines");
  run(state, file, LogKind::syslog, nullptr);
}
BENCHMARK(decode_file)->Unit(benchmark::kMillisecond);
BENCHMARK(decode_auth)->Unit(benchmark::kMillisecond);
BENCHMARK(decode_audit)->Unit(benchmark::kMillisecond);

const Loaded& pack() {
  static const Loaded loaded = load_sigma(source_folder / "rules/packs");
  return loaded;
}
void pack_auth(benchmark::State& state) { run(state, "auth.log", LogKind::syslog, &pack()); }
void pack_audit(benchmark::State& state) { run(state, "audit.log", LogKind::audit, &pack()); }
BENCHMARK(pack_auth)->Unit(benchmark::kMillisecond);
BENCHMARK(pack_audit)->Unit(benchmark::kMillisecond);

void given(benchmark::State& state, const char* name, LogKind kind) {
  const auto folder = folder_from("TOCSIN_SIGMA");
  if (folder.empty()) return state.SkipWithError("TOCSIN_SIGMA names no folder of Sigma rules");
  static const Loaded loaded = load_sigma(folder);
  run(state, name, kind, &loaded);
}
void given_auth(benchmark::State& state) { given(state, "auth.log", LogKind::syslog); }
void given_audit(benchmark::State& state) { given(state, "audit.log", LogKind::audit); }
BENCHMARK(given_auth)->Unit(benchmark::kMillisecond);
BENCHMARK(given_audit)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin::bench
