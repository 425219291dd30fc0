#include "responders/action/file_quarantine/file_quarantine.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/base/text.h"
#include "responders/action/file_quarantine/files.h"

namespace tocsin::responders {
namespace {

// One folder per key: manifest.json first, then content; manifest.json becomes restored.json when it went back.
constexpr auto manifest_name = "manifest.json";
constexpr auto content_name = "content";
constexpr auto partial_name = "content.new";
constexpr auto restored_name = "restored.json";

std::string folder_of(std::string_view key) { return render_digest(sha256(as_bytes(key))).substr(0, 32); }

bool exists(int directory, const char* name) {
  struct stat status{};
  return ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

class FileQuarantine final : public Action {
 public:
  FileQuarantine(const QuarantineKind& kind, const ActionEnvironment& environment)
      : kind_(kind), directory_(environment.quarantine_directory), root_(environment.root) {}

  const ActionSpec& spec() const noexcept override { return kind_.spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = kind_.describe(parameters);
    TOCSIN_TRY(const std::string path, kind_.path(parameters, root_));
    auto opened = open_regular(path);
    if (!opened) {
      forecast.now.push_back(opened.error().message);
      return forecast;
    }
    TOCSIN_TRY(const QuarantineManifest m, describe_file(opened->file.get(), path));
    forecast.now.push_back(fmt::format("the file is there: {} bytes, owner {}:{}, mode {:04o}, sha256 {}", m.size,
                                       m.owner, m.group, m.mode, m.sha256));
    if (auto digest = check_digest(parameters, m); !digest) forecast.now.push_back(digest.error().message);
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    TOCSIN_TRY(const OwnedDescriptor item, open_item(key));
    if (exists(item.get(), restored_name))
      return fail(Code::conflict, "this quarantine was undone; ask again under another key");
    if (exists(item.get(), manifest_name)) return resume(item.get());
    TOCSIN_TRY(const std::string path, kind_.path(parameters, root_));
    TOCSIN_TRY(OpenedFile opened, open_regular(path));
    TOCSIN_TRY(QuarantineManifest m, describe_file(opened.file.get(), path));
    m.key = key;
    TOCSIN_CHECK(check_digest(parameters, m));
    TOCSIN_CHECK(write_file(item.get(), manifest_name, render_manifest(m)));
    TOCSIN_CHECK(take(opened, item.get(), m));
    return done(Outcome::State::applied, m);
  }

  Result<Verification> verify(const Parameters&, std::string_view key) override {
    TOCSIN_TRY(const OwnedDescriptor item, open_item(key));
    if (!exists(item.get(), manifest_name) || !exists(item.get(), content_name))
      return Verification{Presence::absent, "nothing is in quarantine under this key"};
    TOCSIN_TRY(const QuarantineManifest m, load(item.get()));
    TOCSIN_TRY(const OwnedDescriptor content, open_content(item.get()));
    TOCSIN_TRY(const std::string digest, hash_file(content.get()));
    ::fchmod(content.get(), 0);
    if (digest != m.sha256)
      return Verification{Presence::changed, "the content in quarantine is not what was taken: a process held it open"};
    if (struct stat status{}; ::lstat(m.path.c_str(), &status) == 0)
      return Verification{Presence::changed, fmt::format("another file is at {} now", escape_terminal(m.path))};
    return Verification{Presence::in_effect, fmt::format("in quarantine, sha256 {}", m.sha256)};
  }

  Result<Outcome> undo(const Parameters&, std::string_view key, std::string_view) override {
    TOCSIN_TRY(const OwnedDescriptor item, open_item(key));
    Outcome out;
    out.state = Outcome::State::undone;
    if (!exists(item.get(), manifest_name)) {
      out.summary = exists(item.get(), restored_name) ? "the file was put back already" : "nothing was taken";
      return out;
    }
    TOCSIN_TRY(const QuarantineManifest m, load(item.get()));
    if (exists(item.get(), content_name)) {
      TOCSIN_CHECK(put_back(item.get(), m));
    } else if (struct stat status{}; ::lstat(m.path.c_str(), &status) != 0) {
      return fail(Code::failure, fmt::format("neither the quarantine nor {} holds the file", escape_terminal(m.path)));
    }
    if (::renameat(item.get(), manifest_name, item.get(), restored_name) != 0)
      return fail_errno("cannot close the quarantine's record", errno);
    TOCSIN_CHECK(sync_directory(item.get()));
    out.summary = fmt::format("{} is back as it was", escape_terminal(m.path));
    return out;
  }

 private:
  static Outcome done(Outcome::State state, const QuarantineManifest& m) {
    Outcome out;
    out.state = state;
    out.summary = fmt::format("{} is in quarantine, sha256 {}", escape_terminal(m.path), m.sha256);
    out.undo_token = folder_of(m.key);
    out.outputs = {{"sha256", m.sha256}, {"size", std::to_string(m.size)}};
    return out;
  }

  static Result<void> check_digest(const Parameters& parameters, const QuarantineManifest& m) {
    if (!parameters.has("sha256") || lower_ascii(parameters.text("sha256")) == m.sha256) return {};
    return fail(Code::conflict, fmt::format("the file has changed since: its sha256 is {}", m.sha256));
  }

  Result<OwnedDescriptor> open_item(std::string_view key) const {
    if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
      return fail_errno(fmt::format("cannot make {}", directory_), errno);
    TOCSIN_TRY(const OwnedDescriptor top, open_directory(directory_));
    return make_directory(top.get(), folder_of(key));
  }

  static Result<QuarantineManifest> load(int item) {
    TOCSIN_TRY(const std::string text, read_small_file(item, manifest_name));
    return parse_manifest(text);
  }

  // Mode 0000 keeps the owner out too; we open it a little for ourselves inside a folder only we can enter.
  static Result<OwnedDescriptor> open_content(int item) {
    if (::fchmodat(item, content_name, 0600, 0) != 0) return fail_errno("cannot open the quarantined file", errno);
    OwnedDescriptor content(::openat(item, content_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (content.get() < 0) return fail_errno("cannot open the quarantined file", errno);
    return content;
  }

  // After a crash: the manifest is there, the rest may not be.
  Result<Outcome> resume(int item) {
    TOCSIN_TRY(const QuarantineManifest m, load(item));
    auto opened = open_regular(m.path);
    const bool original_there = opened && is_same_file(opened->directory.get(), opened->name, m.device, m.inode);
    const bool content_there = exists(item, content_name);
    if (content_there && !original_there) return done(Outcome::State::already, m);
    if (!original_there) return fail(Code::conflict, fmt::format("{} is another file now", escape_terminal(m.path)));
    if (content_there) TOCSIN_CHECK(remove_original(*opened, m));
    else TOCSIN_CHECK(take(*opened, item, m));
    return done(Outcome::State::applied, m);
  }

  static Result<void> take(const OpenedFile& opened, int item, const QuarantineManifest& m) {
    const int from = opened.directory.get();
    if (::renameat2(from, opened.name.c_str(), item, content_name, RENAME_NOREPLACE) == 0) {
      if (!is_same_file(item, content_name, m.device, m.inode)) {
        ::renameat2(item, content_name, from, opened.name.c_str(), RENAME_NOREPLACE);
        return fail(Code::conflict, "another file was put under the name meanwhile; it was left where it is");
      }
      if (::fchmod(opened.file.get(), 0) != 0) return fail_errno("cannot close the quarantined file", errno);
    } else if (errno == EXDEV) {
      TOCSIN_CHECK(copy_over(opened, item, m));
      TOCSIN_CHECK(remove_original(opened, m));
    } else {
      return fail_errno(fmt::format("cannot move {}", escape_terminal(m.path)), errno);
    }
    TOCSIN_CHECK(sync_directory(item));
    return sync_directory(from);
  }

  static Result<void> copy_over(const OpenedFile& opened, int item, const QuarantineManifest& m) {
    ::unlinkat(item, partial_name, 0);
    const OwnedDescriptor copy(::openat(item, partial_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (copy.get() < 0) return fail_errno("cannot write into the quarantine", errno);
    TOCSIN_CHECK(copy_file(opened.file.get(), copy.get()));
    TOCSIN_TRY(const std::string digest, hash_file(copy.get()));
    if (digest != m.sha256) return fail(Code::conflict, "the file changed while it was copied; ask again");
    ::fchmod(copy.get(), 0);
    if (::renameat(item, partial_name, item, content_name) != 0) return fail_errno("cannot keep the copy", errno);
    return sync_directory(item);
  }

  // Only the file that was copied, never one put under its name meanwhile: moved aside first, looked at, then removed.
  static Result<void> remove_original(const OpenedFile& opened, const QuarantineManifest& m) {
    const int from = opened.directory.get();
    const std::string aside = ".tocsin-" + folder_of(m.key);
    if (::renameat2(from, opened.name.c_str(), from, aside.c_str(), RENAME_NOREPLACE) != 0)
      return fail_errno(fmt::format("cannot move {}", escape_terminal(m.path)), errno);
    if (!is_same_file(from, aside, m.device, m.inode)) {
      ::renameat2(from, aside.c_str(), from, opened.name.c_str(), RENAME_NOREPLACE);
      return fail(Code::conflict, "another file was put under the name meanwhile; it was left where it is");
    }
    if (::unlinkat(from, aside.c_str(), 0) != 0) return fail_errno("cannot remove the original", errno);
    return {};
  }

  static Result<void> put_back(int item, const QuarantineManifest& m) {
    const std::size_t slash = m.path.rfind('/');
    const std::string name = m.path.substr(slash + 1);
    TOCSIN_TRY(const OwnedDescriptor directory, open_directory(slash == 0 ? "/" : m.path.substr(0, slash)));
    if (exists(directory.get(), name.c_str()))
      return fail(Code::conflict, fmt::format("another file is at {}; move it away first", escape_terminal(m.path)));
    TOCSIN_TRY(const OwnedDescriptor content, open_content(item));
    struct stat there{};
    struct stat here{};
    if (::fstat(directory.get(), &there) != 0 || ::fstat(content.get(), &here) != 0)
      return fail_errno("cannot look at the file", errno);
    if (there.st_dev == here.st_dev) {
      const auto restored = restore_attributes(content.get(), m);
      if (!restored && restored.error().code != Code::partial) return restored;
      if (::renameat2(item, content_name, directory.get(), name.c_str(), RENAME_NOREPLACE) == 0) {
        TOCSIN_CHECK(sync_directory(directory.get()));
        return restored;
      }
      // Another mount of the same file system, as systemd makes of a unit's state directory.
      if (errno != EXDEV) return fail_errno(fmt::format("cannot put {} back", escape_terminal(m.path)), errno);
      ::fchmod(content.get(), 0600);
    }
    return copy_back(item, content.get(), directory.get(), name, m);
  }

  static Result<void> copy_back(int item, int content, int directory, const std::string& name,
                                const QuarantineManifest& m) {
    const std::string aside = ".tocsin-" + folder_of(m.key);
    ::unlinkat(directory, aside.c_str(), 0);
    const OwnedDescriptor copy(
        ::openat(directory, aside.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (copy.get() < 0) return fail_errno("cannot write beside the original place", errno);
    TOCSIN_CHECK(copy_file(content, copy.get()));
    const auto restored = restore_attributes(copy.get(), m);
    if (!restored && restored.error().code != Code::partial) return restored;
    if (::renameat2(directory, aside.c_str(), directory, name.c_str(), RENAME_NOREPLACE) != 0)
      return fail_errno(fmt::format("cannot put {} back", escape_terminal(m.path)), errno);
    TOCSIN_CHECK(sync_directory(directory));
    if (::unlinkat(item, content_name, 0) != 0) return fail_errno("cannot empty the quarantine", errno);
    return restored;
  }

  const QuarantineKind kind_;
  const std::string directory_;
  const std::string root_;
};

Result<std::string> path_of(const Parameters& parameters, const std::string&) { return parameters.text("path"); }

}  // namespace

Forecast describe_file_quarantine(const Parameters& parameters) {
  const std::string path = escape_terminal(parameters.text("path"));
  Forecast forecast;
  forecast.would.push_back(
      fmt::format("move {} into the quarantine with mode 0000, its owner, mode, times and "
                  "attributes written down",
                  path));
  if (parameters.has("sha256"))
    forecast.would.push_back(fmt::format("only if its sha256 is {}", lower_ascii(parameters.text("sha256"))));
  forecast.touches.push_back({"file", parameters.text("path")});
  forecast.undo = "`tocsin action undo` puts it back byte for byte, with owner, mode, times and attributes";
  return forecast;
}

std::unique_ptr<Action> make_file_quarantine(const ActionEnvironment& environment) {
  return make_quarantine({file_quarantine_spec, &path_of, &describe_file_quarantine}, environment);
}

std::unique_ptr<Action> make_quarantine(const QuarantineKind& kind, const ActionEnvironment& environment) {
  return std::make_unique<FileQuarantine>(kind, environment);
}

}  // namespace tocsin::responders
