#include "responders/action/process_dump_maps/dump.h"

#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "responders/action/process_dump_maps/pages.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t maps_most = 16U << 20U;
constexpr std::size_t piece = 256U << 10U;
constexpr std::uint64_t disk_left = 512ULL << 20U;  // on the disk of the evidence, whatever is dumped

Result<std::string> read_whole(int folder, const char* name, std::size_t most) {
  const OwnedDescriptor file(::openat(folder, name, O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno(fmt::format("cannot open {} of the process", name), errno);
  std::string out;
  std::array<char, 65536> buffer{};
  while (out.size() <= most) {
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail_errno(fmt::format("cannot read {} of the process", name), errno);
    if (size == 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return out;
}

// Of the file system the dump goes to; one without a size of its own is memory, of which the caller asks no more than
// there is.
std::uint64_t room_for(int file, std::uint64_t wanted) {
  struct statfs disk{};
  if (::fstatfs(file, &disk) != 0 || disk.f_blocks == 0) return wanted;
  const auto available = disk.f_bavail * static_cast<std::uint64_t>(disk.f_bsize);
  return std::min(wanted, available > disk_left ? available - disk_left : 0);
}

class Copier {
 public:
  Copier(const ProcessMemory& process, int to, const DumpLimits& limits, const std::function<Duration()>& elapsed)
      : process_(process),
        to_(to),
        limits_(limits),
        elapsed_(elapsed),
        pages_(process.present ? process.present.get() : -1),
        page_(static_cast<std::uint64_t>(::getpagesize())) {
    room_ = room_for(to, limits.bytes_most);
    disk_short_ = room_ < limits.bytes_most;
  }

  Result<Dump> copy(const std::vector<Mapping>& wanted) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (out_.mappings.size() == limits_.mappings_most)
        out_.cut = fmt::format("it has more than {} mappings worth copying", limits_.mappings_most);
      if (out_.cut.empty()) TOCSIN_CHECK(copy(wanted[i]));
      if (out_.cut.empty()) continue;
      const bool begun = !out_.mappings.empty() && out_.mappings.back().mapping.begin == wanted[i].begin;
      out_.left_out = wanted.size() - i;
      if (begun && out_.mappings.back().copied == 0) out_.mappings.pop_back();
      break;
    }
    out_.sha256 = render_digest(whole_.finish());
    return std::move(out_);
  }

 private:
  Result<void> copy(const Mapping& mapping) {
    DumpedMapping& into = out_.mappings.emplace_back();
    into.mapping = mapping;
    Sha256Stream digest;
    // Pages that a process has not touched are empty, or as in the file; reading them would make the kernel map them.
    // What belongs to a deleted file can be had nowhere else.
    for (std::uint64_t at = mapping.begin; at < mapping.end && in_time();) {
      const PageRun run = mapping.deleted() ? PageRun{at, mapping.end} : pages_.next(at, mapping.end);
      into.untouched += run.begin - at;
      TOCSIN_CHECK(copy_run(into, run.begin, run.end, digest));
      at = run.end;
    }
    into.sha256 = render_digest(digest.finish());
    return {};
  }

  bool in_time() {
    if (!out_.cut.empty()) return false;
    if (elapsed_() > limits_.time) out_.cut = fmt::format("it took longer than {}", render_duration(limits_.time));
    return out_.cut.empty();
  }

  Result<void> copy_run(DumpedMapping& into, std::uint64_t at, std::uint64_t until, Sha256Stream& digest) {
    while (at < until && in_time()) {
      const std::uint64_t left = room_ - out_.bytes;
      if (left == 0) {
        out_.cut = disk_short_ ? "the disk of the evidence is short of room"
                               : fmt::format("it is larger than {} bytes", limits_.bytes_most);
        return {};
      }
      const ssize_t got = ::pread(process_.memory.get(), buffer_.data(),
                                  std::min<std::uint64_t>({until - at, left, buffer_.size()}), static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      // No byte at all: the process has ended, or gave its memory up for another program.
      if (got == 0) return fail(Code::not_found, "the process ended while its memory was copied");
      if (got < 0) {
        const std::uint64_t skipped = std::min(page_ - at % page_, until - at);
        into.unreadable += skipped;
        at += skipped;
        continue;
      }
      const auto size = static_cast<std::uint64_t>(got);
      TOCSIN_CHECK(keep(into, at, size, digest));
      at += size;
    }
    return {};
  }

  Result<void> keep(DumpedMapping& into, std::uint64_t at, std::uint64_t size, Sha256Stream& digest) {
    const bool follows = !into.runs.empty() && into.runs.back().begin + into.runs.back().size == at;
    if (!follows && runs_ == limits_.runs_most) {
      out_.cut = fmt::format("its memory is in more than {} pieces", limits_.runs_most);
      return {};
    }
    const Bytes bytes(buffer_.data(), size);
    for (std::uint64_t written = 0; written < size;) {
      const ssize_t put =
          ::pwrite(to_, buffer_.data() + written, size - written, static_cast<off_t>(out_.bytes + written));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return fail_errno("cannot write the memory into the evidence", errno);
      written += static_cast<std::uint64_t>(put);
    }
    if (follows) into.runs.back().size += size;
    else {
      into.runs.push_back({at, size, out_.bytes});
      ++runs_;
    }
    into.copied += size;
    out_.bytes += size;
    whole_.update(bytes);
    digest.update(bytes);
    return {};
  }

  const ProcessMemory& process_;
  const int to_;
  const DumpLimits& limits_;
  const std::function<Duration()>& elapsed_;
  TouchedPages pages_;
  const std::uint64_t page_;
  std::uint64_t room_ = 0;
  bool disk_short_ = false;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(piece);
  std::size_t runs_ = 0;
  Sha256Stream whole_;
  Dump out_;
};

}  // namespace

Result<ProcessMemory> open_memory(const HostProcess& process) {
  // Held and compared first; what is opened below it then belongs to that process or to none.
  TOCSIN_TRY([[maybe_unused]] const auto held, hold_process(process));
  ProcessMemory out;
  out.folder = OwnedDescriptor(
      ::open(fmt::format("/proc/{}", process.pid).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!out.folder) return fail(Code::not_found, fmt::format("there is no process {}", process.pid));
  TOCSIN_TRY(const std::string stat, read_whole(out.folder.get(), "stat", 4096));
  const auto now = parse_process_stat(stat);
  if (!now || now->started != process.started)
    return fail(Code::conflict, fmt::format("the number {} belongs to another process now", process.pid));
  out.memory = OwnedDescriptor(::openat(out.folder.get(), "mem", O_RDONLY | O_CLOEXEC));
  if (!out.memory && (errno == EACCES || errno == EPERM))
    return fail(Code::denied, fmt::format("the memory of process {} may not be read; that needs CAP_SYS_PTRACE, and "
                                          "kernel.yama.ptrace_scope below 3",
                                          process.pid));
  if (!out.memory) return fail_errno(fmt::format("cannot open the memory of process {}", process.pid), errno);
  out.present = OwnedDescriptor(::openat(out.folder.get(), "pagemap", O_RDONLY | O_CLOEXEC));
  TOCSIN_TRY(out.maps, read_whole(out.folder.get(), "maps", maps_most));
  out.maps_cut = out.maps.size() > maps_most;
  return out;
}

Result<Dump> dump_memory(const ProcessMemory& process, const std::vector<Mapping>& wanted, int to,
                         const DumpLimits& limits, const std::function<Duration()>& elapsed) {
  return Copier(process, to, limits, elapsed).copy(wanted);
}

}  // namespace tocsin::responders
