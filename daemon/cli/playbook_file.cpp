#include "daemon/cli/playbook_file.h"

#include <filesystem>

#include "daemon/app/rule_files.h"

namespace tocsin::daemon {
namespace {

constexpr std::size_t bytes_most = 4U << 20U;

}  // namespace

Result<PlaybookFile> read_playbook(const std::string& path) {
  std::filesystem::path file = path;
  std::error_code unknown;
  if (std::filesystem::is_directory(file, unknown)) {
    file /= "playbook.json";
    if (!std::filesystem::exists(file, unknown))
      return fail(Code::not_found, path + " is a folder without playbook.json; name a playbook or the folder of one");
  }
  TOCSIN_TRY(auto text, read_file(file.string(), bytes_most));
  return PlaybookFile{file.string(), std::move(text)};
}

}  // namespace tocsin::daemon
