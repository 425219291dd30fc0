#pragma once
// What benchmarks feed on: rule sources and files, and what they say when something is not there.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/detector.h"

namespace tocsin::bench {

inline const std::filesystem::path source_folder = TOCSIN_SOURCE_DIR;

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->is_regular_file(error) && !it->is_symlink(error)) found.push_back(it->path());
  std::ranges::sort(found);
  return found;
}

// Rule files below a folder by their suffixes; tests beside rules are passed over.
inline std::vector<rules::RuleSource> rule_sources(const std::filesystem::path& folder,
                                                   std::vector<std::string_view> suffixes) {
  std::vector<rules::RuleSource> sources;
  for (const auto& path : files_below(folder)) {
    const std::string name = path.filename();
    if (name.find(".test.") != std::string::npos) continue;
    if (std::ranges::any_of(suffixes, [&](auto suffix) { return name.ends_with(suffix); }))
      sources.push_back({path, read_text(path)});
  }
  return sources;
}

// Empty when the variable is not set.
inline std::filesystem::path folder_from(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? std::filesystem::path() : std::filesystem::path(value);
}

// Takes raw alerts, then lets the engine's host-wide state decide, as the daemon's desk does.
class AlertDesk final : public rules::AlertSink {
 public:
  void raise(rules::Alert alert) override { alerts_.push_back(std::move(alert)); }
  void take(AlertDesk& other) {
    std::ranges::move(other.alerts_, std::back_inserter(alerts_));
    other.alerts_.clear();
  }
  void decide(rules::SharedState& state) {
    const auto before = [](const auto& a, const auto& b) { return a.time < b.time; };
    if (!std::ranges::is_sorted(alerts_, before)) std::ranges::stable_sort(alerts_, before);
    Counter out;
    for (auto& alert : alerts_) state.decide(std::move(alert), out);
    alerts_.clear();
    decided_ += out.count;
  }
  std::uint64_t decided() const noexcept { return decided_; }

 private:
  struct Counter final : rules::AlertSink {
    void raise(rules::Alert) override { ++count; }
    std::uint64_t count = 0;
  };
  std::vector<rules::Alert> alerts_;
  std::uint64_t decided_ = 0;
};

// A rule set compiled once per process, with how it went.
struct Loaded {
  std::shared_ptr<const rules::RuleSet> set;
  std::size_t refused = 0;
  double seconds = 0;
};

template <class Compile>
Loaded load(Compile compile) {
  Loaded loaded;
  Diagnostics diagnostics;
  const auto begun = std::chrono::steady_clock::now();
  loaded.set = compile(diagnostics);
  loaded.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  loaded.refused = diagnostics.errors();
  return loaded;
}

inline void tell(benchmark::State& state, const Loaded& loaded) {
  state.counters["rules"] = static_cast<double>(loaded.set->rules().size());
  state.counters["refused"] = static_cast<double>(loaded.refused);
  state.counters["load_seconds"] = loaded.seconds;
}

}  // namespace tocsin::bench
