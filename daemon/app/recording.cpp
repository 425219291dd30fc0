#include "daemon/app/recording.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "daemon/app/rule_files.h"

namespace tocsin::daemon {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::pair<std::string_view, InputKind>, 8> kinds{{{"auto", InputKind::automatic},
                                                                       {"pcap", InputKind::pcap},
                                                                       {"syslog", InputKind::syslog},
                                                                       {"access", InputKind::access},
                                                                       {"audit", InputKind::audit},
                                                                       {"json", InputKind::json},
                                                                       {"evtx", InputKind::evtx},
                                                                       {"file", InputKind::file}}};

}  // namespace

std::optional<InputKind> parse_input_kind(std::string_view name) noexcept {
  for (const auto& [text, kind] : kinds)
    if (text == name) return kind;
  return std::nullopt;
}

std::string_view input_kind_name(InputKind kind) noexcept {
  for (const auto& [text, k] : kinds)
    if (k == kind) return text;
  return {};
}

namespace {

class Reader {
 public:
  Reader(fs::path directory, Diagnostics& diagnostics)
      : directory_(std::move(directory)), file_(directory_ / "recording.yaml"), diagnostics_(diagnostics) {}

  Result<Recording> read() {
    auto text = read_file(file_, 1U << 20);
    if (!text && text.error().code == Code::not_found)
      return fail(
          Code::not_found,
          directory_.string() +
              " holds no recording.yaml and no .evtx files; name files, or write one (see etc/examples/README.md)");
    if (!text) return std::unexpected(std::move(text).error());
    try {
      const YAML::Node root = YAML::Load(*text);
      if (!root.IsMap()) return fail(Code::invalid, file_ + " is not a mapping");
      return parse(root);
    } catch (const YAML::Exception& e) {
      complain(e.mark, "", e.msg, "correct the YAML");
      return fail(Code::invalid, file_ + " cannot be read");
    }
  }

 private:
  void complain(const YAML::Mark& mark, std::string item, std::string cause, std::string next) {
    Diagnostic d;
    d.code = "C0101";
    d.file = file_;
    if (!mark.is_null()) {
      d.line = static_cast<std::uint32_t>(mark.line) + 1;
      d.column = static_cast<std::uint32_t>(mark.column) + 1;
    }
    d.item = std::move(item);
    d.cause = std::move(cause);
    d.next_step = std::move(next);
    diagnostics_.add(std::move(d));
  }

  Result<Recording> parse(const YAML::Node& root) {
    Recording out;
    out.name = root["name"].as<std::string>(directory_.filename());
    out.description = root["description"].as<std::string>("");
    out.exercise = root["exercise"].as<bool>(false) ? Exercise::yes : Exercise::no;
    const YAML::Node inputs = root["inputs"];
    if (!inputs.IsSequence() || inputs.size() == 0) return fail(Code::invalid, file_ + " lists no inputs");
    for (const auto& node : inputs) input(node, out);
    if (diagnostics_.has_errors()) return fail(Code::invalid, file_ + " has mistakes");
    return out;
  }

  void input(const YAML::Node& node, Recording& out) {
    RecordingInput in;
    in.name = node["path"].as<std::string>("");
    const fs::path relative(in.name);
    if (in.name.empty() || relative.is_absolute() || std::ranges::find(relative, "..") != relative.end())
      return complain(node.Mark(), in.name, "an input needs a path inside the recording",
                      "write path: relative to recording.yaml");
    in.path = directory_ / relative;
    if (const auto was = node["as"].as<std::string>(""); !was.empty()) {
      if (!was.starts_with('/'))
        return complain(node["as"].Mark(), in.name, "`as` is not an absolute path",
                        "write the path the file had on its host");
      in.name = was;
    }
    const auto kind = parse_input_kind(node["kind"].as<std::string>("auto"));
    if (!kind)
      return complain(node["kind"].Mark(), in.name, "unknown kind",
                      "one of auto, pcap, syslog, access, audit, json, evtx, file");
    in.kind = *kind;
    in.host = node["host"].as<std::string>("");
    in.time_zone = node["timezone"].as<std::string>("");
    in.program = node["program"].as<std::string>("");
    if (node["year"]) in.year = node["year"].as<int>();
    if (node["observed"]) {
      in.observed = parse_time(node["observed"].as<std::string>());
      if (!in.observed)
        return complain(node["observed"].Mark(), in.name, "observed is not an RFC 3339 time",
                        "write it as 2026-11-22T15:30:00Z");
    }
    out.inputs.push_back(std::move(in));
  }

  const fs::path directory_;
  const std::string file_;
  Diagnostics& diagnostics_;
};

}  // namespace

Result<Recording> read_recording(const std::string& directory, Diagnostics& diagnostics) {
  return Reader(directory, diagnostics).read();
}

namespace {

RecordingInput with_defaults(std::string path, std::string name, const RecordingDefaults& defaults) {
  RecordingInput input;
  input.path = std::move(path);
  input.name = std::move(name);
  input.host = defaults.host;
  input.time_zone = defaults.time_zone;
  input.program = defaults.program;
  input.year = defaults.year;
  return input;
}

// Windows event logs below a directory, as they are collected from many machines. Links are not followed.
std::vector<RecordingInput> event_logs_of(const fs::path& directory, const RecordingDefaults& defaults) {
  constexpr std::size_t most = 65'536;
  std::vector<RecordingInput> out;
  std::error_code error;
  auto at = fs::recursive_directory_iterator(directory, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator() && out.size() < most; at.increment(error)) {
    std::error_code none;
    auto extension = at->path().extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    if (extension != ".evtx" || !fs::is_regular_file(at->symlink_status(none))) continue;
    out.push_back(with_defaults(at->path(), at->path().lexically_relative(directory), defaults));
  }
  std::ranges::sort(out, {}, &RecordingInput::path);
  return out;
}

}  // namespace

Result<Recording> collect_inputs(std::span<const std::string> paths, const RecordingDefaults& defaults,
                                 Diagnostics& diagnostics) {
  Recording out;
  for (const auto& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      if (!fs::exists(fs::path(path) / "recording.yaml", error)) {
        auto logs = event_logs_of(path, defaults);
        for (auto& log : logs) out.inputs.push_back(std::move(log));
        if (!logs.empty()) continue;
      }
      TOCSIN_TRY(Recording part, read_recording(path, diagnostics));
      if (part.exercise == Exercise::yes) out.exercise = Exercise::yes;
      if (out.name.empty()) out.name = part.name;
      for (auto& input : part.inputs) out.inputs.push_back(std::move(input));
      continue;
    }
    if (!fs::exists(path, error))
      return fail(Code::not_found, path + " does not exist; name a capture, a log, a file or a recording's directory");
    out.inputs.push_back(
        with_defaults(path, path == "/dev/stdin" ? "stdin" : fs::path(path).filename().string(), defaults));
  }
  if (out.name.empty() && !out.inputs.empty()) out.name = out.inputs.front().name;
  return out;
}

}  // namespace tocsin::daemon
