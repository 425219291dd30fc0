#pragma once
// Rule sets that were installed, on disk: one folder a set, in it one folder a generation and the link `current`. A
// generation is written beside, made durable and renamed; `current` is exchanged by a rename, so that a reader sees the
// old set or the new one, never a mixture. One writer at a time: the daemon, or a person without one.

#include <optional>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/ruleset/bundle.h"

namespace tocsin::daemon {

// Where a generation came from. Kept beside its files as manifest.json.
struct SetManifest {
  std::uint64_t generation = 0;
  std::string source;
  std::string etag;
  std::string sha256;  // of the archive, or of names and files in order
  std::string who;
  std::string reason;
  Time installed{};
  std::uint64_t files = 0;
  std::uint64_t rules = 0;  // that it brought when it was judged
};
std::string render_manifest(const SetManifest& manifest);
Result<SetManifest> parse_manifest(std::string_view json);

class SetShelf {
 public:
  // Generations kept of a set besides the current one.
  static constexpr std::size_t kept_most = 3;

  explicit SetShelf(std::string directory) : directory_(std::move(directory)) {}

  // 1 to 40 of a-z, 0-9, '-' and '_'.
  static bool good_name(std::string_view name) noexcept;
  std::vector<std::string> names() const;
  // Directory of what is in use; empty when there is none.
  std::string current(const std::string& name) const;
  // Of all sets: what the engines load.
  std::vector<std::string> current_paths() const;
  std::optional<SetManifest> manifest(const std::string& name) const;
  // Newest first.
  std::vector<SetManifest> generations(const std::string& name) const;

  // Writes a new generation and takes it into use; the number it got. Older ones beyond the cap are deleted.
  Result<std::uint64_t> install(const std::string& name, const std::vector<BundleFile>& files, SetManifest manifest);
  // Takes a generation that is there into use.
  Result<void> use(const std::string& name, std::uint64_t generation);
  // Undoes an install: `before` is used again, or nothing when it is zero; the generation is deleted.
  Result<void> withdraw(const std::string& name, std::uint64_t generation, std::uint64_t before);

 private:
  std::string folder(const std::string& name, std::uint64_t generation) const;
  void forget_old(const std::string& name) const;

  std::string directory_;
};

}  // namespace tocsin::daemon
