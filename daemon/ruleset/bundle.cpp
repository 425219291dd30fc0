#include "daemon/ruleset/bundle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "collectors/base/text.h"
#include "daemon/ruleset/kind.h"

namespace tocsin::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t name_most = 200;
constexpr std::size_t folders_most = 8;

struct ReadDeleter {
  void operator()(archive* a) const noexcept { archive_read_free(a); }
};

std::unexpected<Error> too_much(std::string what) {
  return fail(Code::exhausted, std::move(what) + "; nothing of it was used");
}

// Sorts what belongs to a rule set from what does not, and counts against the limits.
class Collector {
 public:
  explicit Collector(const BundleLimits& limits) : limits_(limits) {}

  Result<void> count_entry() {
    if (++entries_ > limits_.files) return too_much(fmt::format("it holds more than {} files", limits_.files));
    return {};
  }
  // Is the content of this file wanted?
  bool wants(const std::string& name) {
    switch (kind_in_set(name)) {
      case KindInSet::rules:
      case KindInSet::data: return true;
      case KindInSet::local: bundle_.left_out.push_back(name); return false;
      case KindInSet::other: break;
    }
    ++bundle_.ignored;
    return false;
  }
  // `more` bytes of the file at hand.
  Result<void> count(const std::string& name, std::uint64_t size, std::uint64_t more) {
    bytes_ += more;
    if (size > limits_.file) return too_much(fmt::format("{} is larger than {} MiB", name, limits_.file >> 20));
    if (bytes_ > limits_.bytes) return too_much(fmt::format("it holds more than {} MiB", limits_.bytes >> 20));
    return {};
  }
  void add(std::string name, std::string text) { bundle_.files.push_back({std::move(name), std::move(text)}); }

  Result<RuleBundle> finish() {
    auto& files = bundle_.files;
    std::ranges::sort(files, {}, &BundleFile::name);
    const auto twice = std::ranges::adjacent_find(files, {}, &BundleFile::name);
    if (twice != files.end())
      return fail(Code::invalid, fmt::format("it holds {} twice", escape_terminal(twice->name)));
    if (std::ranges::none_of(files, [](const auto& f) { return kind_in_set(f.name) == KindInSet::rules; }))
      return fail(Code::invalid, "it holds no rule file (.rules, .yml, .yar)");
    return std::move(bundle_);
  }

 private:
  const BundleLimits& limits_;
  std::size_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  RuleBundle bundle_;
};

class Unpacker {
 public:
  Unpacker(Bytes bytes, const BundleLimits& limits) : bytes_(bytes), collector_(limits) {}

  Result<RuleBundle> run() {
    archive_.reset(archive_read_new());
    if (archive_ == nullptr) return fail(Code::exhausted, "the archive library did not start");
    auto* a = archive_.get();
    // Filters are named one by one: some of the library's start programs.
    for (auto* filter : {archive_read_support_filter_gzip, archive_read_support_filter_zstd,
                         archive_read_support_filter_xz, archive_read_support_filter_bzip2})
      filter(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    if (archive_read_open_memory(a, bytes_.data(), bytes_.size()) != ARCHIVE_OK) return broken();
    for (;;) {
      archive_entry* entry = nullptr;
      const int code = archive_read_next_header(a, &entry);
      if (code == ARCHIVE_EOF) return collector_.finish();
      if (code != ARCHIVE_OK) return broken();
      TOCSIN_CHECK(one(entry));
    }
  }

 private:
  std::unexpected<Error> broken() const {
    const char* why = archive_error_string(archive_.get());
    return fail(Code::invalid, fmt::format("it is not an archive that can be read: {}",
                                           escape_terminal(why == nullptr ? "damaged" : why)));
  }

  Result<void> one(archive_entry* entry) {
    TOCSIN_CHECK(collector_.count_entry());
    const char* raw = archive_entry_pathname(entry);
    std::string name = raw == nullptr ? "" : raw;
    while (name.starts_with("./")) name.erase(0, 2);
    const bool folder = archive_entry_filetype(entry) == AE_IFDIR;
    while (folder && name.ends_with('/')) name.pop_back();
    if (folder && (name.empty() || name == ".")) return {};
    if (!good_bundle_name(name))
      return fail(Code::invalid, fmt::format("it holds a file named `{}`, which is not good; nothing of it was used",
                                             escape_terminal(name.substr(0, name_most))));
    if (archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr ||
        (!folder && archive_entry_filetype(entry) != AE_IFREG))
      return fail(Code::invalid, fmt::format("it holds a link or device, {}; nothing of it was used", name));
    if (folder) return {};
    return content(name);
  }

  // Read whether wanted or not: what is skipped is unpacked all the same, and counts.
  Result<void> content(const std::string& name) {
    const bool wanted = collector_.wants(name);
    std::string text;
    std::uint64_t size = 0;
    std::array<char, 65536> buffer{};
    for (;;) {
      const auto got = archive_read_data(archive_.get(), buffer.data(), buffer.size());
      if (got == 0) break;
      if (got < 0) return broken();
      size += static_cast<std::uint64_t>(got);
      TOCSIN_CHECK(collector_.count(name, size, static_cast<std::uint64_t>(got)));
      if (wanted) text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (wanted) collector_.add(name, std::move(text));
    return {};
  }

  const Bytes bytes_;
  Collector collector_;
  std::unique_ptr<archive, ReadDeleter> archive_;
};

Result<std::string> read_whole(int directory, const std::string& path, std::uint64_t most) {
  const int descriptor = ::openat(directory, path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return fail_errno("cannot open " + path, errno);
  struct stat about{};
  std::string text;
  std::array<char, 65536> buffer{};
  ssize_t got = 0;
  if (::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode))
    while ((got = ::read(descriptor, buffer.data(), buffer.size())) > 0 && text.size() <= most)
      text.append(buffer.data(), static_cast<std::size_t>(got));
  else got = -1;
  const int error = S_ISREG(about.st_mode) ? errno : EINVAL;
  ::close(descriptor);
  if (got < 0) return fail_errno("cannot read " + path, error);
  if (text.size() > most) return too_much(fmt::format("{} is larger than {} MiB", path, most >> 20));
  return text;
}

Result<RuleBundle> read_directory(const fs::path& root, const BundleLimits& limits) {
  Collector collector(limits);
  std::error_code error;
  for (fs::recursive_directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    TOCSIN_CHECK(collector.count_entry());
    std::error_code gone;
    if (it->symlink_status(gone).type() != fs::file_type::regular) continue;
    const std::string name = it->path().lexically_relative(root);
    if (!good_bundle_name(name) || !collector.wants(name)) continue;
    TOCSIN_TRY(auto text, read_whole(AT_FDCWD, it->path(), limits.file));
    TOCSIN_CHECK(collector.count(name, text.size(), text.size()));
    collector.add(name, std::move(text));
  }
  if (error) return fail(Code::denied, fmt::format("{} cannot be listed: {}", root.string(), error.message()));
  return collector.finish();
}

}  // namespace

bool good_bundle_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > name_most || name.starts_with('/')) return false;
  std::size_t parts = 0;
  while (true) {
    const auto slash = name.find('/');
    const auto part = name.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || ++parts > folders_most) return false;
    for (const char c : part)
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F || c == '\\') return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

Result<RuleBundle> unpack_bundle(Bytes archive, const BundleLimits& limits) {
  if (archive.size() > limits.archive)
    return too_much(fmt::format("the archive is larger than {} MiB", limits.archive >> 20));
  return Unpacker(archive, limits).run();
}

Result<RuleBundle> read_bundle(const std::string& path, const BundleLimits& limits) {
  std::error_code error;
  if (fs::is_directory(path, error)) return read_directory(path, limits);
  // The person named this file; a link to it is theirs.
  TOCSIN_TRY(const auto archive, read_whole(AT_FDCWD, fs::weakly_canonical(path, error), limits.archive));
  return unpack_bundle(as_bytes(archive), limits);
}

}  // namespace tocsin::daemon
