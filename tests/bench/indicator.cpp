// rooms: indicator
// A million indicators: how long they take to load, what they weigh, and what events cost against them, one thread.
//   TOCSIN_INDICATORS=N   another number of them

#include "rules/indicator/rule_set.h"

#include <random>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/event/field_table.h"
#include "rules/indicator/table.h"
#include "rules/indicator/value.h"
#include "tests/bench/material.h"

namespace tocsin::bench {
namespace {

namespace indicator = rules::indicator;

std::size_t wanted() {
  const char* const given = std::getenv("TOCSIN_INDICATORS");
  return given == nullptr ? 1'000'000 : static_cast<std::size_t>(std::strtoull(given, nullptr, 10));
}

// What feeds hold, by share: four addresses, one network, three domains, one URL, one hash.
std::string line_of(std::mt19937& random, std::size_t number) {
  const auto value = random();
  switch (number % 10) {
    case 0: return fmt::format("{}.{}.{}.0/24", 11 + value % 80, (value >> 8) & 255, (value >> 16) & 255);
    case 1:
    case 2:
    case 3: return fmt::format("host{}.site{}.example.{}", value % 100, value, value % 2 == 0 ? "com" : "net");
    case 4: return fmt::format("http://site{}.example.org/path/{}.php?id={}", value, number, value % 7);
    case 5: return render_digest(sha256(as_bytes(std::to_string(value))));
    default: return render_address(IpAddress::v4(static_cast<std::uint32_t>(0x80000000U | (value & 0x3FFFFFFF))));
  }
}

const std::vector<rules::RuleSource>& lists() {
  static const auto made = [] {
    std::mt19937 random(1);
    std::string text;
    for (std::size_t i = 0; i < wanted(); ++i) text += line_of(random, i) + '\n';
    return std::vector<rules::RuleSource>{{"list.txt", std::move(text)}};
  }();
  return made;
}

const std::shared_ptr<const indicator::IndicatorSet>& loaded() {
  static const auto made = [] {
    Diagnostics diagnostics;
    return indicator::compile_indicators(lists(), {}, diagnostics);
  }();
  return made;
}

void load_lists(benchmark::State& state) {
  std::size_t entries = 0, bytes = 0;
  lists();
  for (auto _ : state) {
    Diagnostics diagnostics;
    const auto set = indicator::compile_indicators(lists(), {}, diagnostics);
    entries = set->size();
    bytes = set->memory();
  }
  state.counters["indicators"] = static_cast<double>(entries);
  state.counters["megabytes"] = static_cast<double>(bytes) * 1e-6;
  state.counters["bytes_each"] = static_cast<double>(bytes) / static_cast<double>(std::max<std::size_t>(entries, 1));
}
BENCHMARK(load_lists)->Unit(benchmark::kMillisecond);

enum class Kind : std::uint8_t { flow, dns, tls, http, login };

void fill(EventBuilder& b, Kind kind, std::mt19937& random) {
  const auto value = random();
  b.set(field::source_ip, IpAddress::v4(0x0A000000U | static_cast<std::uint32_t>(value & 0xFFFF)));
  b.set(field::destination_ip, IpAddress::v4(static_cast<std::uint32_t>(0xC0000000U | (value & 0x1FFFFFFF))));
  b.set(field::source_port, std::uint64_t{value & 0xFFFF});
  b.set(field::destination_port, std::uint64_t{443});
  b.set(field::network_transport, "tcp");
  b.set(field::network_community_id, "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=");
  switch (kind) {
    case Kind::flow: break;
    case Kind::dns:
      b.set(field::dns_question_name, fmt::format("www{}.cdn{}.example.com", value % 50, value));
      b.set(field::dns_resolved_ip, IpAddress::v4(static_cast<std::uint32_t>(0xC0000000U | (value >> 3))));
      break;
    case Kind::tls:
      b.set(field::tls_client_server_name, fmt::format("api{}.service.example.net", value));
      b.set(field::tls_server_hash_sha1, "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09");
      break;
    case Kind::http:
      b.set(field::url_domain, fmt::format("www.site{}.example.org", value));
      b.set(field::url_full, fmt::format("http://www.site{}.example.org/index.php?id={}", value, value % 9));
      b.set(field::user_agent_original, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36");
      break;
    case Kind::login:
      b.set(field::user_name, "alice");
      b.set(field::process_name, "sshd");
      b.set(field::message, "Failed password for alice from 192.0.2.7 port 50122 ssh2");
      break;
  }
}

void events(benchmark::State& state, Kind kind) {
  std::mt19937 random(2);
  EventBatch batch;
  EventBuilder builder(batch);
  while (!batch.full()) {
    fill(builder, kind, random);
    EventHeader header;
    header.observed = Time{std::chrono::seconds{1'800'000'000}};
    header.host = "bench";
    builder.finish(header, {});
  }
  FieldNames names;
  AlertDesk desk;
  const auto shared = loaded()->make_state();
  const auto detector = loaded()->attach(rules::WorkerContext{names, 0, 1, "bench", Exercise::no}, *shared);
  for (auto _ : state) detector->inspect(batch, desk);
  desk.decide(*shared);
  using benchmark::Counter;
  const auto done = static_cast<double>(batch.size() * state.iterations());
  state.counters["events_per_second"] = Counter(done, Counter::kIsRate);
  state.counters["per_event"] = Counter(done, Counter::kIsRate | Counter::kInvert);
  state.counters["alerts"] = static_cast<double>(desk.decided());
}
BENCHMARK_CAPTURE(events, flow, Kind::flow);
BENCHMARK_CAPTURE(events, dns, Kind::dns);
BENCHMARK_CAPTURE(events, tls, Kind::tls);
BENCHMARK_CAPTURE(events, http, Kind::http);
BENCHMARK_CAPTURE(events, login, Kind::login);

// Addresses all over, so that each lookup misses the caches.
void addresses(benchmark::State& state) {
  static const auto table = [] {
    auto out = std::make_unique<indicator::IndicatorTable>();
    out->add_source("list");
    std::mt19937 random(1);
    for (std::size_t i = 0; i < wanted(); ++i) {
      indicator::Statement statement;
      auto value = indicator::parse_value(line_of(random, i), indicator::Reach::subdomains);
      if (!value) continue;
      statement.value = std::move(*value);
      out->add(statement, 0, 50);
    }
    out->finish();
    return out;
  }();
  std::mt19937 random(3);
  std::vector<IpAddress> asked;
  for (int i = 0; i < 1 << 16; ++i) asked.push_back(IpAddress::v4(static_cast<std::uint32_t>(random())));
  std::size_t at = 0, found = 0;
  for (auto _ : state) found += table->find_address(asked[at++ & 0xFFFF], 1) != indicator::no_entry ? 1 : 0;
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.counters["found"] = static_cast<double>(found) / static_cast<double>(state.iterations());
}
BENCHMARK(addresses);

}  // namespace
}  // namespace tocsin::bench
