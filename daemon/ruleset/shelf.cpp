#include "daemon/ruleset/shelf.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/descriptor.h"
#include "collectors/base/text.h"

namespace tocsin::daemon {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view prefix = "generation-";

std::optional<std::uint64_t> generation_number(const fs::path& path) {
  const std::string name = path.filename();
  if (!name.starts_with(prefix)) return std::nullopt;
  return parse_unsigned(std::string_view(name).substr(prefix.size()));
}

void sync_directory(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

std::string text_in(const json::object& object, std::string_view key) {
  const auto* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

std::uint64_t number_in(const json::object& object, std::string_view key) {
  const auto* found = object.if_contains(key);
  return found != nullptr && found->is_int64() && found->get_int64() > 0
             ? static_cast<std::uint64_t>(found->get_int64())
             : 0;
}

Result<SetManifest> read_manifest(const std::string& path) {
  const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const auto text = file ? read_all(file.get(), 65536) : std::nullopt;
  if (!text) return fail_errno("cannot read " + path, errno);
  return parse_manifest(*text);
}

}  // namespace

std::string render_manifest(const SetManifest& manifest) {
  json::object out;
  out["generation"] = manifest.generation;
  out["source"] = manifest.source;
  out["etag"] = manifest.etag;
  out["sha256"] = manifest.sha256;
  out["who"] = manifest.who;
  out["reason"] = manifest.reason;
  out["installed"] = render_time(manifest.installed);
  out["files"] = manifest.files;
  out["rules"] = manifest.rules;
  return json::serialize(out) + "\n";
}

Result<SetManifest> parse_manifest(std::string_view text) {
  json::error_code error;
  const auto value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return fail(Code::invalid, "the manifest of a rule set is damaged");
  const auto& object = value.get_object();
  SetManifest out;
  out.generation = number_in(object, "generation");
  out.source = text_in(object, "source");
  out.etag = text_in(object, "etag");
  out.sha256 = text_in(object, "sha256");
  out.who = text_in(object, "who");
  out.reason = text_in(object, "reason");
  out.installed = parse_time(text_in(object, "installed")).value_or(Time{});
  out.files = number_in(object, "files");
  out.rules = number_in(object, "rules");
  return out;
}

bool SetShelf::good_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 40 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string SetShelf::folder(const std::string& name, std::uint64_t generation) const {
  return fmt::format("{}/{}/{}{:06}", directory_, name, prefix, generation);
}

std::vector<std::string> SetShelf::names() const {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator it(directory_, error), end; !error && it != end; it.increment(error)) {
    std::error_code none;
    const std::string name = it->path().filename();
    if (good_name(name) && fs::is_symlink(it->path() / "current", none)) out.push_back(name);
  }
  std::ranges::sort(out);
  return out;
}

std::string SetShelf::current(const std::string& name) const {
  std::error_code error;
  const auto target = fs::read_symlink(fs::path(directory_) / name / "current", error);
  // Only ever a generation beside it.
  if (error || !generation_number(target) || target.has_parent_path()) return {};
  return (fs::path(directory_) / name / target).string();
}

std::vector<std::string> SetShelf::current_paths() const {
  std::vector<std::string> out;
  for (const auto& name : names())
    if (auto path = current(name); !path.empty()) out.push_back(std::move(path));
  return out;
}

std::optional<SetManifest> SetShelf::manifest(const std::string& name) const {
  const auto path = current(name);
  if (path.empty()) return std::nullopt;
  auto out = read_manifest(path + "/manifest.json");
  if (!out) out = SetManifest{};
  out->generation = *generation_number(path);
  return *out;
}

std::vector<SetManifest> SetShelf::generations(const std::string& name) const {
  std::vector<SetManifest> out;
  std::error_code error;
  for (fs::directory_iterator it(fs::path(directory_) / name, error), end; !error && it != end; it.increment(error)) {
    const auto number = generation_number(it->path());
    if (!number) continue;
    auto one = read_manifest(it->path() / "manifest.json");
    if (!one) one = SetManifest{};
    one->generation = *number;
    out.push_back(std::move(*one));
  }
  std::ranges::sort(out, std::greater{}, &SetManifest::generation);
  return out;
}

Result<std::uint64_t> SetShelf::install(const std::string& name, const std::vector<BundleFile>& files,
                                        SetManifest manifest) {
  if (!good_name(name)) return fail(Code::usage, "a set's name has 1 to 40 of a-z, 0-9, - and _");
  const auto before = generations(name);
  manifest.generation = before.empty() ? 1 : before.front().generation + 1;
  manifest.files = files.size();
  const auto home = fs::path(directory_) / name;
  const auto draft = home / "draft";
  std::error_code error;
  fs::remove_all(draft, error);  // of an install that was cut off
  fs::create_directories(draft, error);
  if (error) return fail(Code::denied, fmt::format("cannot make {}: {}", draft.string(), error.message()));
  for (const auto& file : files) {
    if (!good_bundle_name(file.name)) return fail(Code::invalid, "a file's name is not good");
    const auto path = draft / file.name;
    fs::create_directories(path.parent_path(), error);
    TOCSIN_CHECK(replace_file(path, as_bytes(file.text), 0644));
  }
  TOCSIN_CHECK(replace_file(draft / "manifest.json", as_bytes(render_manifest(manifest)), 0644));
  fs::rename(draft, folder(name, manifest.generation), error);
  if (error) return fail(Code::denied, fmt::format("cannot rename {}: {}", draft.string(), error.message()));
  sync_directory(home);
  TOCSIN_CHECK(use(name, manifest.generation));
  return manifest.generation;
}

Result<void> SetShelf::use(const std::string& name, std::uint64_t generation) {
  std::error_code error;
  const auto wanted = folder(name, generation);
  if (!good_name(name) || !fs::is_directory(wanted, error))
    return fail(Code::not_found, fmt::format("there is no generation {} of {}", generation, escape_terminal(name)));
  const auto home = fs::path(directory_) / name;
  fs::remove(home / "next", error);
  fs::create_symlink(fs::path(wanted).filename(), home / "next", error);
  if (!error) fs::rename(home / "next", home / "current", error);
  if (error)
    return fail(Code::denied, fmt::format("cannot exchange {}: {}", (home / "current").string(), error.message()));
  sync_directory(home);
  forget_old(name);
  return {};
}

void SetShelf::forget_old(const std::string& name) const {
  const auto used = manifest(name);
  std::size_t others = 0;
  std::error_code error;
  for (const auto& one : generations(name))
    if (used && one.generation != used->generation && ++others > kept_most)
      fs::remove_all(folder(name, one.generation), error);
}

Result<void> SetShelf::withdraw(const std::string& name, std::uint64_t generation, std::uint64_t before) {
  std::error_code error;
  if (before != 0) TOCSIN_CHECK(use(name, before));
  else fs::remove(fs::path(directory_) / name / "current", error);
  fs::remove_all(folder(name, generation), error);
  if (before == 0) fs::remove(fs::path(directory_) / name, error);  // only if nothing else is in it
  return {};
}

}  // namespace tocsin::daemon
