// rooms: log sigma
// Sigma alone: events decoded beforehand, looked at again and again; the same with reading the JSON each time; and
// correlations over many groups. One thread.
//   TOCSIN_SIGMA=DIR    the Sigma rules (default: the shipped ones)
//   TOCSIN_EVENTS=PATH  events as JSON, one a line, or a folder of EVTX files: what the rows `events` look at
//   TOCSIN_LINUX=FILE   log lines as JSON, as a shipper sends them: what the row `json_linux` reads (default: the
//                       example's auth.log as Filebeat sends it)
//   TOCSIN_CACHE=DIR    where compiled patterns are kept: the second run's load_seconds are those of a warm start
//   TOCSIN_GROUPS=N     groups of the correlations (default 100,000)

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "collectors/log/input/log_input.h"
#include "rules/sigma/rule_set.h"
#include "tests/bench/event_logs.h"
#include "tests/bench/material.h"
#include "tests/bench/shipped_lines.h"

namespace tocsin::bench {
namespace {

using collectors::LogKind;

FieldNames& names() {
  static FieldNames table;  // rule sets hold numbers of names: one table for all
  return table;
}

std::shared_ptr<const collectors::DecoderSet> decoders() {
  static const auto set = [] {
    Diagnostics diagnostics;
    const auto sources = collectors::read_decoder_directory(source_folder / "etc/decoders");
    return sources ? collectors::compile_decoders(*sources, names(), diagnostics) : nullptr;
  }();
  return set;
}

Loaded load_sigma(std::span<const rules::RuleSource> sources) {
  const auto views = rule_sources(source_folder / "rules/sigma/views", {".yaml"});
  rules::sigma::SigmaOptions options;
  if (const char* kept = std::getenv("TOCSIN_CACHE")) options.cache = std::make_shared<const rules::PatternCache>(kept);
  return load([&](Diagnostics& d) { return rules::sigma::compile_sigma(sources, views, options, d); });
}

const Loaded& given() {
  static const Loaded loaded = [] {
    const auto folder = folder_from("TOCSIN_SIGMA");
    return load_sigma(rule_sources(folder.empty() ? source_folder / "rules/packs" : folder, {".yml", ".yaml"}));
  }();
  return loaded;
}

constexpr std::string_view as_shipped = "as shipped: ";  // before a file's name: its lines as JSON

// As long as a log is, not one of some lines opened again and again.
std::string repeated(const std::string& text) {
  constexpr std::size_t bytes_least = 4U << 20U;
  std::string out;
  while (out.size() < bytes_least && !text.empty()) out += text;
  return out;
}

// Read once for all rows, before any clock runs.
const std::string& text_of(const std::string& file) {
  static std::map<std::string, std::string> texts;
  auto& text = texts[file];
  if (!text.empty()) return text;
  if (file.starts_with(as_shipped))
    text = shipped_lines(repeated(read_text(file.substr(as_shipped.size()))), "/var/log/auth.log");
  else text = std::filesystem::is_directory(file) ? event_log_lines(file) : read_text(file);
  return text;
}

// Calls `take` with each batch; how many events came.
template <class Take>
std::uint64_t read(const std::string& file, LogKind kind, Take take) {
  const std::string& text = text_of(file);
  collectors::LogInputOptions options;
  options.name = "file:bench";
  options.kind = kind;
  options.host = "bench";
  options.year = 2026;
  auto input = collectors::LogInput::open(source_from_memory(as_bytes(text)), std::move(options), decoders(), names());
  std::uint64_t count = 0;
  while (input) {
    EventBatch batch;
    const auto more = input->next(batch);
    if (!more || !*more) break;
    count += batch.size();
    take(std::move(batch));
  }
  return count;
}

struct Attached {
  explicit Attached(const Loaded& loaded)
      : set(*loaded.set),
        state(set.make_state()),
        detector(set.attach(rules::WorkerContext{names(), 0, 1, "bench", Exercise::no}, *state)) {}
  const rules::RuleSet& set;
  std::unique_ptr<rules::SharedState> state;
  std::unique_ptr<rules::Detector> detector;
  AlertDesk desk;
};

void tell(benchmark::State& state, std::uint64_t events, const Attached& attached) {
  state.counters["events_per_second"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
  state.counters["alerts"] = static_cast<double>(attached.desk.decided()) / static_cast<double>(state.iterations());
}

constexpr std::uint64_t events_least = 200'000;  // of one pass

void detect(benchmark::State& state, const std::string& file, LogKind kind) {
  std::vector<EventBatch> batches;
  const auto count = read(file, kind, [&](EventBatch batch) { batches.push_back(std::move(batch)); });
  if (count == 0) return state.SkipWithError("no events came out");
  std::uint64_t events = 0;
  Attached attached(given());
  for (auto _ : state) {
    for (std::uint64_t seen = 0; seen < events_least; seen += count)
      for (const auto& batch : batches) {
        attached.detector->inspect(batch, attached.desk);
        events += batch.size();
      }
    attached.desk.decide(*attached.state);
  }
  tell(state, events, attached);
  bench::tell(state, given());
}

void read_and_detect(benchmark::State& state, const std::string& file, LogKind kind) {
  std::uint64_t events = 0;
  Attached attached(given());
  text_of(file);
  for (auto _ : state) {
    std::uint64_t seen = 0;
    while (seen < events_least) {
      const auto count =
          read(file, kind, [&](const EventBatch& batch) { attached.detector->inspect(batch, attached.desk); });
      if (count == 0) return state.SkipWithError("no events came out");
      seen += count;
    }
    events += seen;
    attached.desk.decide(*attached.state);
  }
  tell(state, events, attached);
  bench::tell(state, given());
}

std::string example(const char* name) { return source_folder / "etc/examples/ordinary" / name; }

void detect_auth(benchmark::State& state) { detect(state, example("auth.log"), LogKind::syslog); }
void detect_audit(benchmark::State& state) { detect(state, example("audit.log"), LogKind::audit); }
BENCHMARK(detect_auth)->Unit(benchmark::kMillisecond);
BENCHMARK(detect_audit)->Unit(benchmark::kMillisecond);

void named_events(benchmark::State& state, bool reading) {
  const char* file = std::getenv("TOCSIN_EVENTS");
  if (file == nullptr) return state.SkipWithError("TOCSIN_EVENTS names no file of JSON lines");
  if (reading) read_and_detect(state, file, LogKind::json);
  else detect(state, file, LogKind::json);
}
void detect_events(benchmark::State& state) { named_events(state, false); }
void json_events(benchmark::State& state) { named_events(state, true); }
void json_linux(benchmark::State& state) {
  const char* file = std::getenv("TOCSIN_LINUX");
  read_and_detect(state, file != nullptr ? file : std::string(as_shipped) + example("auth.log"), LogKind::json);
}
BENCHMARK(detect_events)->Unit(benchmark::kMillisecond);
BENCHMARK(json_events)->Unit(benchmark::kMillisecond);
BENCHMARK(json_linux)->Unit(benchmark::kMillisecond);

constexpr std::string_view correlation = R"(title: Failure
id: 7f0a2d44-3c0f-4f7d-9f62-6a5d6a6a0001
logsource: {{category: event}}
detection:
  failed: {{event.outcome: failure}}
  condition: failed
---
title: Many
id: 7f0a2d44-3c0f-4f7d-9f62-6a5d6a6a0002
correlation:
  type: {}
  rules: [7f0a2d44-3c0f-4f7d-9f62-6a5d6a6a0001]
  group-by: [source.ip]
  timespan: 10m
  condition: {{gte: 1000{}}}
)";

std::vector<EventBatch> failures(std::size_t groups, std::size_t users) {
  std::vector<EventBatch> out;
  std::size_t made = 0;
  for (Time time{std::chrono::seconds{1'700'000'000}}; made < groups * 2;) {
    EventBatch& batch = out.emplace_back();
    EventBuilder event(batch);
    for (; made < groups * 2 && !batch.full(); ++made, time += std::chrono::microseconds{100}) {
      event.set(field::event_category, "authentication");
      event.set(field::event_outcome, "failure");
      const auto n = static_cast<std::uint32_t>(made * 2'654'435'761U % groups);
      event.set(field::source_ip, IpAddress::v4(0x0A000000U + n));
      event.set(field::user_name, fmt::format("user{}", made % users));
      EventHeader header;
      header.id = hash128(std::to_string(made));
      header.observed = header.ingested = time;
      header.event_class = EventClass::authentication;
      header.host = "bench";
      event.finish(header, {});
    }
  }
  return out;
}

void correlate(benchmark::State& state, std::string_view type, std::string_view field) {
  const char* wanted = std::getenv("TOCSIN_GROUPS");
  const auto groups = wanted == nullptr ? 100'000 : parse_unsigned(wanted).value_or(100'000);
  const std::vector<rules::RuleSource> sources{{"bench.yml", fmt::format(fmt::runtime(correlation), type, field)}};
  static std::map<std::string_view, Loaded> kept;
  auto& loaded = kept[type];
  if (!loaded.set) loaded = load_sigma(sources);
  const auto batches = failures(groups, 10'000);
  std::uint64_t events = 0;
  Attached attached(loaded);
  // All groups are known before the clock starts.
  for (const auto& batch : batches) {
    attached.detector->inspect(batch, attached.desk);
    attached.desk.decide(*attached.state);
  }
  for (auto _ : state) {
    for (const auto& batch : batches) {
      attached.detector->inspect(batch, attached.desk);
      attached.desk.decide(*attached.state);
      events += batch.size();
    }
  }
  tell(state, events, attached);
  bench::tell(state, loaded);
}
void correlate_count(benchmark::State& state) { correlate(state, "event_count", ""); }
void correlate_values(benchmark::State& state) { correlate(state, "value_count", ", field: user.name"); }
BENCHMARK(correlate_count)->Unit(benchmark::kMillisecond);
BENCHMARK(correlate_values)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin::bench
