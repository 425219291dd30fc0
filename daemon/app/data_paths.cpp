#include "daemon/app/data_paths.h"

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace tocsin::daemon {
namespace fs = std::filesystem;
namespace {

std::optional<DataPaths> installed_at(const fs::path& root) {
  std::error_code error;
  if (!fs::is_directory(root / "decoders", error)) return std::nullopt;
  return DataPaths{root / "rules", root / "views", root / "decoders", root / "playbooks"};
}

std::optional<DataPaths> source_tree_at(const fs::path& root) {
  std::error_code error;
  if (!fs::is_directory(root / "rules/packs", error) || !fs::is_directory(root / "etc/decoders", error)) return std::nullopt;
  return DataPaths{root / "rules/packs", root / "rules/sigma/views", root / "etc/decoders", root / "responders/packs"};
}

}  // namespace

Result<DataPaths> find_data_paths() {
  if (const char* named = std::getenv("TOCSIN_DATA")) {
    if (auto paths = installed_at(named)) return *paths;
    if (auto paths = source_tree_at(named)) return *paths;
    return fail(Code::not_found, std::string("TOCSIN_DATA names ") + named + ", which holds no decoders; name the installed data directory or a source tree");
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (auto paths = installed_at(program.parent_path().parent_path() / "share/tocsin")) return *paths;
  for (fs::path up = program.parent_path(); up.has_relative_path(); up = up.parent_path())
    if (auto paths = source_tree_at(up)) return *paths;
  if (auto paths = installed_at("/usr/share/tocsin")) return *paths;
  return fail(Code::not_found, "shipped rules and decoders were not found; install the package or set TOCSIN_DATA to the data directory");
}

}  // namespace tocsin::daemon
