#include "daemon/eve/rotating_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "collectors/base/descriptor.h"

namespace tocsin::daemon {
namespace {

namespace fs = std::filesystem;

// "2026-11-22T18:15:00.123Z" → "20261122T181500.123Z", which sorts by time and needs no quoting anywhere.
std::string stamp(Time now) {
  auto text = render_time(now);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

// The names of older parts begin with `<stem>-` and end as the file does.
struct Parts {
  explicit Parts(const fs::path& path)
      : directory(path.parent_path()), begin(path.stem().string() + '-'), end(path.extension().string()) {}
  bool is_one(const std::string& name) const {
    return name.size() > begin.size() + end.size() && name.starts_with(begin) && name.ends_with(end) &&
           name[begin.size()] >= '0' && name[begin.size()] <= '9';
  }
  fs::path directory;
  std::string begin;
  std::string end;
};

}  // namespace

Result<void> RotatingFile::open() {
  std::error_code error;
  fs::create_directories(fs::path(options_.path).parent_path(), error);
  const int descriptor = ::open(options_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (descriptor < 0) return fail_errno("cannot write " + options_.path, errno);
  struct stat status{};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    return fail(Code::invalid, options_.path + " is no ordinary file");
  }
  file_.reset(::fdopen(descriptor, "a"));
  if (file_ == nullptr) {
    ::close(descriptor);
    return fail_errno("cannot write " + options_.path, errno);
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  return {};
}

Result<void> RotatingFile::write(std::string_view line, Time now) {
  if (file_ != nullptr && options_.rotate != 0 && size_ >= options_.rotate) rotate(now);
  if (file_ == nullptr) TOCSIN_CHECK(open());
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() && std::fputc('\n', file_.get()) != EOF) {
    size_ += line.size() + 1;
    return {};
  }
  const int error = errno;
  [[maybe_unused]] const auto flushed = flush();
  return fail_errno("cannot write " + options_.path, error);
}

Result<void> RotatingFile::flush() {
  if (file_ == nullptr || std::fflush(file_.get()) == 0) return {};
  const int error = errno;
  const bool whole = cut_half_line();
  return fail_errno("cannot write all of " + options_.path + (whole ? "" : ", whose last line is cut"), error);
}

// The disk took part of what was buffered: back to the last whole line.
bool RotatingFile::cut_half_line() {
  const OwnedDescriptor writing(::dup(::fileno(file_.get())));
  file_.reset();  // tries once more to write, so what is cut is what is there afterwards
  const OwnedDescriptor reading(::open(options_.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!writing || !reading) return false;
  off_t end = ::lseek(writing.get(), 0, SEEK_END);
  char last = 0;
  while (end > 0 && ::pread(reading.get(), &last, 1, end - 1) == 1 && last != '\n') --end;
  return ::ftruncate(writing.get(), end) == 0;
}

void RotatingFile::rotate(Time now) {
  if (!flush()) return;
  file_.reset();
  const Parts parts(options_.path);
  std::error_code error;
  fs::rename(options_.path, parts.directory / (parts.begin + stamp(now) + parts.end), error);
  make_room();
}

void RotatingFile::make_room() const {
  if (options_.most == 0) return;
  const Parts parts(options_.path);
  std::vector<std::pair<std::string, std::uint64_t>> older;
  std::uint64_t total = 0;
  std::error_code error;
  for (fs::directory_iterator at(parts.directory, error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename().string();
    std::error_code gone;
    if (!parts.is_one(name) || !at->is_regular_file(gone)) continue;
    older.emplace_back(name, at->file_size(gone));
    if (gone) older.pop_back();
    else total += older.back().second;
  }
  std::ranges::sort(older);
  for (const auto& [name, size] : older) {
    if (total <= options_.most) return;
    fs::remove(parts.directory / name, error);
    total -= size;
  }
}

}  // namespace tocsin::daemon
