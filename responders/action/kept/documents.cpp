#include "responders/action/kept/documents.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "responders/action/file_quarantine/files.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t documents_most = 256;

}  // namespace

Result<void> Documents::keep(std::string_view document) const {
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(fmt::format("cannot make {}", directory_), errno);
  make_room();
  TOCSIN_TRY(const OwnedDescriptor directory, open_directory(directory_));
  return write_file(directory.get(), render_digest(sha256(as_bytes(document))), document);
}

Result<std::string> Documents::read(const std::string& digest) const {
  TOCSIN_TRY(const OwnedDescriptor directory, open_directory(directory_));
  auto text = read_small_file(directory.get(), digest);
  if (!text) return std::unexpected(std::move(text).error().within("while reading what is to be passed on"));
  if (render_digest(sha256(as_bytes(*text))) != digest)
    return fail(Code::conflict, fmt::format("{}/{} is not what was asked to be passed on", directory_, digest));
  return text;
}

void Documents::make_room() const {
  namespace fs = std::filesystem;
  std::vector<std::pair<fs::file_time_type, fs::path>> kept;
  std::error_code error;
  for (fs::directory_iterator it(directory_, error), end; !error && it != end; it.increment(error)) {
    std::error_code unread;
    kept.emplace_back(fs::last_write_time(it->path(), unread), it->path());
  }
  if (kept.size() < documents_most) return;
  std::ranges::sort(kept);
  for (std::size_t i = 0; i + documents_most <= kept.size(); ++i) fs::remove(kept[i].second, error);
}

}  // namespace tocsin::responders
