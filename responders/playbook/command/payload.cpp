#include "responders/playbook/command/payload.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <deque>
#include <memory>

#include <fmt/format.h>

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
  const rules::RuleSource source{"payload", std::string(payload)};
  Diagnostics diagnostics;
  rules::yara::YaraOptions options;
  options.most_scanned = limits.bytes_most;
  const auto set = rules::yara::compile_yara({&source, 1}, options, diagnostics);
  if (const auto mistake = mistake_of(diagnostics, set && !set->rules().empty()); !mistake.empty())
    return fail(Code::invalid, mistake);
  const FieldNames names;
  const auto state = set->make_state();
  const auto detector = set->attach(rules::WorkerContext{names}, *state);
  ScanResult out;
  Matches matches(out);
  Walk walk(*detector, matches, out, limits);
  for (const std::string& path : paths) TOCSIN_CHECK(walk.run(path));
  return out;
}

std::string render_json(const ScanResult& result) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("matches", result.found)
      .member("files", result.files)
      .member("unreadable", result.unreadable)
      .member("skipped", result.skipped)
      .key("found")
      .begin_array();
  for (const ScanMatch& match : result.matches)
    writer.begin_object().member("path", match.path).member("rule", match.rule).end_object();
  writer.end_array().end_object();
  return out;
}

}  // namespace tocsin::responders
