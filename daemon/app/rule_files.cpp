#include "daemon/app/rule_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "collectors/base/descriptor.h"

namespace tocsin::daemon {
namespace fs = std::filesystem;

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return fail_errno("cannot open " + path, errno);
  auto text = read_all(file.get(), most);
  if (!text) return fail_errno("cannot read " + path, errno);
  if (text->size() > most)
    return fail(Code::exhausted, path + " is larger than " + std::to_string(most) + " bytes; split it");
  return std::move(*text);
}

namespace {

enum class Kind : std::uint8_t { none, signatures, sigma, yara, classification, reference, threshold, tuning };

Kind kind_of(const fs::path& path) {
  const std::string name = path.filename();
  if (name == "classification.config") return Kind::classification;
  if (name == "reference.config") return Kind::reference;
  if (name == "threshold.config") return Kind::threshold;
  if (name == "tuning.yaml") return Kind::tuning;
  if (name.ends_with(".test.yaml") || name.ends_with(".test.yml")) return Kind::none;
  if (name.ends_with(".rules") || name.ends_with(".snort3")) return Kind::signatures;
  if (name.ends_with(".yml") || name.ends_with(".yaml")) return Kind::sigma;
  if (name.ends_with(".yar") || name.ends_with(".yara")) return Kind::yara;
  return Kind::none;
}

void complain(Diagnostics& diagnostics, const std::string& file, std::string cause, std::string next) {
  Diagnostic d;
  d.code = "R0001";
  d.file = file;
  d.cause = std::move(cause);
  d.next_step = std::move(next);
  diagnostics.add(std::move(d));
}

void read_one(const fs::path& path, RuleFiles& out, Diagnostics& diagnostics) {
  const Kind kind = kind_of(path);
  if (kind == Kind::none) return;
  auto text = read_file(path);
  if (!text) return complain(diagnostics, path, text.error().message, "check the path and its permissions");
  ++out.files;
  switch (kind) {
    case Kind::signatures: out.signatures.push_back({path, std::move(*text)}); break;
    case Kind::sigma: out.sigma.push_back({path, std::move(*text)}); break;
    case Kind::yara: out.yara.push_back({path, std::move(*text)}); break;
    case Kind::classification: out.classification += *text + '\n'; break;
    case Kind::reference: out.reference += *text + '\n'; break;
    case Kind::threshold: out.threshold += *text + '\n'; break;
    case Kind::tuning: out.tuning.push_back({path, std::move(*text)}); break;
    case Kind::none: break;
  }
}

void read_directory(const fs::path& directory, RuleFiles& out, Diagnostics& diagnostics) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    if (it->is_regular_file(error)) found.push_back(it->path());
  if (error)
    complain(diagnostics, directory, "cannot be listed: " + error.message(), "check the path and its permissions");
  std::ranges::sort(found);
  for (const auto& path : found) read_one(path, out, diagnostics);
}

}  // namespace

std::vector<rules::RuleSource> read_indicator_files(std::span<const std::string> paths, Diagnostics& diagnostics) {
  constexpr std::size_t list_most = std::size_t{1} << 30;
  std::vector<rules::RuleSource> out;
  const auto read = [&](const fs::path& path) {
    auto text = read_file(path, list_most);
    if (text) out.push_back({path, std::move(*text)});
    else complain(diagnostics, path, text.error().message, "check the path and its permissions");
  };
  for (const auto& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      read(path);
      continue;
    }
    std::vector<fs::path> found;
    for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      const bool hidden = it->path().filename().string().starts_with('.');
      if (hidden && it->is_directory(error)) it.disable_recursion_pending();
      if (!hidden && it->is_regular_file(error)) found.push_back(it->path());
    }
    if (error)
      complain(diagnostics, path, "cannot be listed: " + error.message(), "check the path and its permissions");
    std::ranges::sort(found);
    for (const auto& file : found) read(file);
  }
  return out;
}

RuleFiles read_rule_files(std::span<const std::string> paths, Diagnostics& diagnostics) {
  RuleFiles out;
  for (const auto& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) read_directory(path, out, diagnostics);
    else if (!fs::exists(path, error))
      complain(diagnostics, path, "does not exist",
               "name a .rules, .snort3, .yml or .yar file, or a directory of them");
    else if (kind_of(path) == Kind::none)
      complain(diagnostics, path, "is no rule file", "rule files end in .rules, .snort3, .yml or .yar");
    else read_one(path, out, diagnostics);
  }
  return out;
}

}  // namespace tocsin::daemon
