#include "responders/playbook/signature/key_directory.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"

namespace tocsin::responders {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t key_bytes_most = 64U << 10U;

Result<void> add_files(KeyStore& store, const fs::path& directory, KeyStore::Standing standing) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory, failed))
    if (const auto kind = entry.path().extension(); kind == ".pem" || kind == ".crt") files.push_back(entry.path());
  if (failed) return fail(Code::not_found, fmt::format("cannot read {}: {}", directory.string(), failed.message()));
  std::sort(files.begin(), files.end());
  for (const auto& file : files) TOCSIN_CHECK(add_key_file(store, file.string(), standing));
  return {};
}

}  // namespace

Result<void> add_key_file(KeyStore& store, const std::string& path, KeyStore::Standing standing) {
  const OwnedDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto pem = descriptor ? read_all(descriptor.get(), key_bytes_most) : std::nullopt;
  if (!pem) return fail_errno("cannot read " + path, errno);
  return store.add(fs::path(path).filename().string(), *pem, standing);
}

Result<void> add_key_directory(KeyStore& store, const std::string& directory) {
  TOCSIN_CHECK(add_files(store, directory, KeyStore::Standing::trusted));
  const auto revoked = fs::path(directory) / "revoked";
  std::error_code missing;
  return fs::is_directory(revoked, missing) ? add_files(store, revoked, KeyStore::Standing::revoked) : Result<void>{};
}

}  // namespace tocsin::responders
