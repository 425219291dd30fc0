#include "responders/playbook/command/payload.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <deque>
#include <memory>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/base/descriptor.h"
#include "collectors/base/json.h"
#include "rules/sigma/rule_set.h"
#include "rules/yara/rule_set.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t matches_shown = 1000;

Duration elapsed() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::string mistake_of(const Diagnostics& diagnostics, bool any_rule) {
  for (const Diagnostic& diagnostic : diagnostics.all())
    if (diagnostic.severity == Severity::error)
      return fmt::format("line {}: {} ({})", diagnostic.line, diagnostic.cause, diagnostic.code);
  return any_rule ? "" : "there is no rule in it";
}

class Matches final : public rules::AlertSink {
 public:
  explicit Matches(ScanResult& result) : result_(result) {}
  void raise(rules::Alert alert) override {
    ++result_.found;
    if (result_.matches.size() < matches_shown && alert.rule) result_.matches.push_back({path, alert.rule->id});
  }
  std::string path;

 private:
  ScanResult& result_;
};

class Walk {
 public:
  Walk(rules::Detector& detector, Matches& matches, ScanResult& result, const ScanLimits& limits)
      : detector_(detector), matches_(matches), result_(result), limits_(limits), until_(elapsed() + limits.time) {}

  Result<void> run(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return fail_errno("cannot look at " + path, errno);
    device_ = status.st_dev;
    waiting_.assign(1, path);
    while (!waiting_.empty()) {
      if (elapsed() > until_) return fail(Code::timed_out, "the scan took longer than it may");
      if (limits_.stop != nullptr && limits_.stop->load()) return fail(Code::conflict, "the scan was cancelled");
      const std::string next = std::move(waiting_.front());
      waiting_.pop_front();
      look_at(next);
    }
    return {};
  }

 private:
  void look_at(const std::string& path) {
    const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) {
      ++result_.unreadable;
      return;
    }
    if (S_ISDIR(status.st_mode)) {
      if (status.st_dev == device_) enter(path);
      return;
    }
    if (!S_ISREG(status.st_mode)) return;
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size > limits_.bytes_most || result_.files >= limits_.files_most) {
      ++result_.skipped;
      return;
    }
    ++result_.files;
    scan(path, file.get(), size);
  }

  // A file cut short while it is mapped would end the process: it is read instead.
  void scan(const std::string& path, int file, std::size_t size) {
    const auto text = read_all(file, size);
    if (!text) {
      ++result_.unreadable;
      return;
    }
    matches_.path = path;
    rules::FileView view;
    view.path = path;
    view.name = std::string_view(path).substr(path.rfind('/') + 1);
    view.bytes = as_bytes(std::string_view(*text).substr(0, size));
    detector_.inspect(view, matches_);
  }

  void enter(const std::string& path) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
    if (!folder) {
      ++result_.unreadable;
      return;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of its own
    while (const dirent* entry = ::readdir(folder.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (waiting_.size() >= limits_.files_most) {
        ++result_.skipped;
        continue;
      }
      waiting_.push_back(fmt::format("{}/{}", path == "/" ? "" : path, name));
    }
  }

  rules::Detector& detector_;
  Matches& matches_;
  ScanResult& result_;
  const ScanLimits& limits_;
  const Duration until_;
  dev_t device_ = 0;
  std::deque<std::string> waiting_;
};

class MemoryMatches final : public rules::AlertSink {
 public:
  MemoryMatches(ScanResult& result, ScannedProcess& process)
      : result_(result),
        process_(process),
        path_(fmt::format("process:{}@{}", process.process.pid, process.process.started)) {}
  const std::string& path() const noexcept { return path_; }
  void begin(const Mapping& mapping, const DumpedRun& run) {
    mapping_ = &mapping;
    run_ = &run;
  }
  void raise(rules::Alert alert) override {
    ++result_.found;
    ++process_.found;
    if (result_.matches.size() >= matches_shown || !alert.rule) return;
    ScanMatch& match = result_.matches.emplace_back();
    match.path = path_;
    match.rule = alert.rule->id;
    match.mapping = *mapping_;
    match.address = run_->begin;
    match.size = run_->size;
    for (const rules::Reason& reason : alert.why)
      if (reason.condition.starts_with('$') && reason.offset >= 0)
        match.strings.push_back(
            {reason.condition, run_->begin + static_cast<std::uint64_t>(reason.offset), reason.length});
  }

 private:
  ScanResult& result_;
  ScannedProcess& process_;
  const std::string path_;
  const Mapping* mapping_ = nullptr;
  const DumpedRun* run_ = nullptr;
};

Result<std::shared_ptr<const rules::RuleSet>> compiled(std::string_view payload, std::size_t bytes_most,
                                                       Metrics* metrics) {
  const rules::RuleSource source{"payload", std::string(payload)};
  Diagnostics diagnostics;
  rules::yara::YaraOptions options;
  options.most_scanned = bytes_most;
  options.metrics = metrics;
  auto set = rules::yara::compile_yara({&source, 1}, options, diagnostics);
  if (const auto mistake = mistake_of(diagnostics, set && !set->rules().empty()); !mistake.empty())
    return fail(Code::invalid, mistake);
  return set;
}

std::string address(std::uint64_t value) { return fmt::format("{:x}", value); }

void write_process(JsonWriter& writer, const ScannedProcess& scanned) {
  const HostProcess& process = scanned.process;
  writer.begin_object()
      .member("pid", process.pid)
      .member("started", process.started)
      .member("uid", process.uid)
      .member("name", process.name)
      .member("executable", process.executable)
      .member("bytes", scanned.bytes)
      .member("mappings", scanned.mappings)
      .member("pieces", scanned.pieces)
      .member("matches", scanned.found)
      .member("complete", scanned.cut.empty() && scanned.error.empty())
      .member("cut", scanned.cut)
      .member("error", scanned.error)
      .end_object();
}

void write_match(JsonWriter& writer, const ScanMatch& match) {
  writer.begin_object().member("path", match.path).member("rule", match.rule);
  if (match.size != 0) {
    writer.member("address", address(match.address)).member("size", match.size).key("mapping").begin_object();
    writer.member("begin", address(match.mapping.begin))
        .member("end", address(match.mapping.end))
        .member("permissions", match.mapping.permissions())
        .member("path", match.mapping.path)
        .end_object();
    writer.key("strings").begin_array();
    for (const ScanString& string : match.strings)
      writer.begin_object()
          .member("identifier", string.identifier)
          .member("address", address(string.address))
          .member("length", string.length)
          .end_object();
    writer.end_array();
  }
  writer.end_object();
}

}  // namespace

std::string payload_mistake(std::string_view type, std::string_view payload) {
  const rules::RuleSource source{"payload", std::string(payload)};
  Diagnostics diagnostics;
  if (type == "yara") {
    const auto set = rules::yara::compile_yara({&source, 1}, {}, diagnostics);
    return mistake_of(diagnostics, set && !set->rules().empty());
  }
  const auto set = rules::sigma::compile_sigma({&source, 1}, {}, {}, diagnostics);
  return mistake_of(diagnostics, set && !set->rules().empty());
}

Result<ScanResult> scan_files(std::string_view payload, const std::vector<std::string>& paths,
                              const ScanLimits& limits) {
  TOCSIN_TRY(const auto set, compiled(payload, limits.bytes_most, nullptr));
  const FieldNames names;
  const auto state = set->make_state();
  const auto detector = set->attach(rules::WorkerContext{names}, *state);
  ScanResult out;
  Matches matches(out);
  Walk walk(*detector, matches, out, limits);
  for (const std::string& path : paths) TOCSIN_CHECK(walk.run(path));
  return out;
}

Result<void> scan_memory(std::string_view payload, const LentMemory& memory, const ScanLimits& limits,
                         ScanResult& into) {
  Metrics metrics;
  TOCSIN_TRY(const auto set, compiled(payload, lent_bytes_most, &metrics));
  const FieldNames names;
  const auto state = set->make_state();
  const auto detector = set->attach(rules::WorkerContext{names}, *state);
  const LentIndex& index = memory.index();
  ScannedProcess& process = into.processes.emplace_back();
  process.process = index.process;
  process.cut = index.cut;
  MemoryMatches matches(into, process);
  const Duration until = elapsed() + limits.time;
  for (const LentMapping& lent : index.mappings) {
    ++process.mappings;
    for (const DumpedRun& run : lent.runs) {
      if (elapsed() > until) return fail(Code::timed_out, "the scan took longer than it may");
      if (limits.stop != nullptr && limits.stop->load()) return fail(Code::conflict, "the scan was cancelled");
      ++process.pieces;
      process.bytes += run.size;
      matches.begin(lent.mapping, run);
      rules::FileView view;
      view.path = matches.path();
      view.name = lent.mapping.path;
      view.bytes = memory.bytes(run);
      detector->inspect(view, matches);
    }
  }
  if (process.cut.empty() && index.refused != 0)
    process.cut = fmt::format("the kernel refused {} bytes of it", index.refused);
  std::uint64_t unfinished = 0;
  for (const std::string_view cause : {"cause=\"timeout\"", "cause=\"library\""})
    unfinished += metrics.counter("tocsin_yara_failures", {}, cause).value();
  if (unfinished != 0 && process.cut.empty())
    process.cut = fmt::format("{} could not be looked at to the end", counted(unfinished, "piece"));
  return {};
}

std::string render_json(const ScanResult& result, std::size_t bytes_most) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("matches", result.found)
      .member("files", result.files)
      .member("unreadable", result.unreadable)
      .member("skipped", result.skipped)
      .key("processes")
      .begin_array();
  for (const ScannedProcess& process : result.processes) write_process(writer, process);
  writer.end_array().key("found").begin_array();
  for (const ScanMatch& match : result.matches) {
    if (out.size() > bytes_most) break;
    write_match(writer, match);
  }
  writer.end_array().end_object();
  return out;
}

}  // namespace tocsin::responders
