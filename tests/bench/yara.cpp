// rooms: yara
// Whole files through YARA, from memory, one thread.
//   TOCSIN_YARA=DIR    the YARA rules of that folder too
//   TOCSIN_FILES=DIR   what is scanned (default /usr/bin), up to 64 MB of it, files of up to 8 MB

#include "rules/yara/rule_set.h"
#include "tests/bench/material.h"

namespace tocsin::bench {
namespace {

struct Scanned {
  std::vector<std::pair<std::string, std::string>> files;  // path, content
  double bytes = 0;
};

const Scanned& scanned() {
  static const Scanned made = [] {
    Scanned out;
    auto folder = folder_from("TOCSIN_FILES");
    if (folder.empty()) folder = "/usr/bin";
    for (const auto& path : files_below(folder)) {
      std::error_code error;
      const auto size = std::filesystem::file_size(path, error);
      if (error || size == 0 || size > (8U << 20) || out.bytes + static_cast<double>(size) > 64e6) continue;
      out.files.emplace_back(path, read_text(path));
      out.bytes += static_cast<double>(out.files.back().second.size());
    }
    return out;
  }();
  return made;
}

void run(benchmark::State& state, const Loaded& loaded) {
  FieldNames names;
  AlertDesk desk;
  const auto shared = loaded.set->make_state();
  const auto detector = loaded.set->attach(rules::WorkerContext{names, 0, 1, "bench", Exercise::no}, *shared);
  if (scanned().files.empty()) return state.SkipWithError("there is nothing to scan");
  for (auto _ : state) {
    for (const auto& [path, content] : scanned().files) {
      rules::FileView file;
      file.path = path;
      file.name = std::string_view(path).substr(path.rfind('/') + 1);
      file.owner = "root";
      file.bytes = as_bytes(content);
      file.host = "bench";
      detector->inspect(file, desk);
    }
    desk.decide(*shared);
  }
  using benchmark::Counter;
  state.counters["mb_per_second"] =
      Counter(scanned().bytes * 1e-6 * static_cast<double>(state.iterations()), Counter::kIsRate);
  state.counters["files"] = static_cast<double>(scanned().files.size());
  state.counters["megabytes"] = scanned().bytes * 1e-6;
  state.counters["alerts"] = static_cast<double>(desk.decided()) / static_cast<double>(state.iterations());
  tell(state, loaded);
}

Loaded load_yara(const std::filesystem::path& folder) {
  const auto sources = rule_sources(folder, {".yar", ".yara"});
  return load([&](Diagnostics& d) { return rules::yara::compile_yara(sources, {}, d); });
}

void pack_files(benchmark::State& state) {
  static const Loaded loaded = load_yara(source_folder / "rules/packs");
  run(state, loaded);
}
BENCHMARK(pack_files)->Unit(benchmark::kMillisecond);

void given_files(benchmark::State& state) {
  const auto folder = folder_from("TOCSIN_YARA");
  if (folder.empty()) return state.SkipWithError("TOCSIN_YARA names no folder of YARA rules");
  static const Loaded loaded = load_yara(folder);
  run(state, loaded);
}
BENCHMARK(given_files)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin::bench
