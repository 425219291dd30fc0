#include "collectors/opener/opener.h"

#include <fcntl.h>
#include <glob.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <dirent.h>

#include "collectors/base/text.h"
#include "collectors/packet/capture/packet_socket.h"

namespace tocsin::collectors {
namespace {

constexpr std::size_t rings_most = 64;

bool is_link(int directory, const std::string& name) {
  struct stat info{};
  return ::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

// No component may be a symbolic link: ELOOP then. One by one, because openat2(2), which does it at once, is not there
// under RestrictSUIDSGID= of the unit.
OwnedDescriptor open_without_links(const std::string& path, int flags) {
  OwnedDescriptor directory(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (std::size_t start = 1; directory;) {
    const auto slash = path.find('/', start);
    const bool last = slash == std::string::npos;
    const auto name = path.substr(start, slash - start);
    OwnedDescriptor next(::openat(directory.get(), name.c_str(),
                                  (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY));
    if (!next && errno == ENOTDIR) errno = is_link(directory.get(), name) ? ELOOP : ENOTDIR;
    if (!next || last) return next;
    directory = std::move(next);
    start = slash + 1;
  }
  return directory;
}

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : std::string();
}

OpenerReply with(OwnedDescriptor descriptor) {
  OpenerReply reply;
  reply.descriptors.push_back(std::move(descriptor));
  return reply;
}

Result<std::uint64_t> number_field(const std::vector<std::string>& fields, std::size_t index, std::uint64_t most) {
  const auto number = parse_unsigned(fields[index]);
  if (!number || *number > most)
    return fail(Code::invalid, "a number in the request for a packet ring is out of range");
  return *number;
}

bool has_journal_name(std::string_view name) { return name.ends_with(".journal") || name.ends_with(".journal~"); }

// One level: <directory>/*.journal and <directory>/<machine id>/*.journal. Newest first, so that the cap leaves out the
// oldest.
struct JournalFile {
  std::string path;
  std::int64_t changed = 0;
};
void find_journal_files(const std::string& directory, int depth, std::vector<JournalFile>& out) {
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(directory.c_str()), &::closedir);
  if (!opened) return;
  std::size_t seen = 0;
  for (const dirent* entry = ::readdir(opened.get()); entry != nullptr && ++seen < 65536;
       entry = ::readdir(opened.get())) {
    const std::string_view name = entry->d_name;
    if (name.starts_with('.')) continue;
    const auto path = directory + "/" + std::string(name);
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) continue;
    if (S_ISDIR(info.st_mode) && depth == 0) find_journal_files(path, 1, out);
    else if (S_ISREG(info.st_mode) && has_journal_name(name)) out.push_back({path, info.st_mtim.tv_sec});
  }
}

}  // namespace

Result<std::vector<std::string>> usable_interfaces() {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return fail_errno("cannot list the network interfaces", errno);
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(raw, &::freeifaddrs);
  std::vector<std::string> names;
  for (const auto* i = list.get(); i != nullptr; i = i->ifa_next)
    if ((i->ifa_flags & IFF_UP) != 0 && (i->ifa_flags & IFF_LOOPBACK) == 0) names.emplace_back(i->ifa_name);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

Result<OpenerReply> Opener::open_log(const std::string& path) const {
  const auto refused = [](const std::string& name) {
    return fail(
        Code::denied,
        name + " is not among collect.logs or collect.audit; add it to the configuration and restart tocsin-opener");
  };
  if (!allowed_.allows_log(path)) return refused(path);
  auto file = open_without_links(path, O_RDONLY | O_NONBLOCK);
  if (!file && errno == ELOOP) {
    const auto real = real_path(path);
    if (real.empty()) return fail_errno("cannot follow the link " + path, errno);
    if (!allowed_.allows_log(real)) return refused(path + " leads to " + real + ", which");
    file = open_without_links(real, O_RDONLY | O_NONBLOCK);
  }
  if (!file) return fail_errno("cannot open " + path, errno);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return fail_errno("cannot examine " + path, errno);
  if (!S_ISREG(info.st_mode))
    return fail(Code::denied, path + " is not an ordinary file; name a file that is written to");
  return with(std::move(file));
}

Result<OpenerReply> Opener::list_logs(const std::string& pattern) const {
  if (!allowed_.allows_glob(pattern))
    return fail(Code::denied, pattern + " is not among collect.logs; add it there and restart tocsin-opener");
  glob_t found{};
  const int result = ::glob(pattern.c_str(), 0, nullptr, &found);
  OpenerReply reply;
  for (std::size_t i = 0; result == 0 && i < found.gl_pathc && reply.fields.size() < opener_fields_most; ++i) {
    struct stat info{};
    if (::stat(found.gl_pathv[i], &info) == 0 && S_ISREG(info.st_mode)) reply.fields.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  if (result != 0 && result != GLOB_NOMATCH)
    return fail(Code::denied, "cannot look for " + pattern + "; check the permissions of its directory");
  return reply;
}

Result<OpenerReply> Opener::open_journal(const std::string& directory) const {
  if (!allowed_.allows_journal(directory)) return fail(Code::denied, directory + " is not collect.journald.directory");
  auto opened = open_without_links(directory, O_RDONLY | O_DIRECTORY);
  if (!opened) return fail_errno("cannot open the journal " + directory, errno);
  std::vector<JournalFile> files;
  find_journal_files(directory, 0, files);
  std::ranges::sort(files, [](const JournalFile& a, const JournalFile& b) {
    return a.changed != b.changed ? a.changed > b.changed : a.path < b.path;
  });
  OpenerReply reply = with(std::move(opened));
  for (const auto& file : files) {
    if (reply.descriptors.size() >= descriptors_most) break;
    auto descriptor = open_without_links(file.path, O_RDONLY | O_NONBLOCK);
    if (!descriptor) continue;
    reply.fields.push_back(file.path);
    reply.descriptors.push_back(std::move(descriptor));
  }
  return reply;
}

Result<OpenerReply> Opener::interfaces() const {
  TOCSIN_TRY(auto usable, usable_interfaces());
  OpenerReply reply;
  for (const auto& name : allowed_.interfaces) {
    if (name == "auto") reply.fields.insert(reply.fields.end(), usable.begin(), usable.end());
    else reply.fields.push_back(name);
  }
  std::ranges::sort(reply.fields);
  reply.fields.erase(std::ranges::unique(reply.fields).begin(), reply.fields.end());
  return reply;
}

Result<OpenerReply> Opener::open_rings(const std::vector<std::string>& fields) {
  if (fields.size() != 6) return fail(Code::invalid, "a request for packet rings has six fields");
  TOCSIN_TRY(const auto known, interfaces());
  if (std::ranges::find(known.fields, fields[0]) == known.fields.end())
    return fail(Code::denied,
                "interface " + fields[0] + " is not among collect.interfaces, or it is down; see `ip link`");
  TOCSIN_TRY(const auto count, number_field(fields, 2, rings_most));
  TOCSIN_TRY(const auto bytes, number_field(fields, 3, RingGeometry::bytes_most));
  TOCSIN_TRY(const auto snapshot, number_field(fields, 4, 262'144));
  PacketSocketOptions options;
  options.interface = fields[0];
  options.filter = fields[1];
  options.ring_bytes = bytes;
  options.snapshot_length = static_cast<std::uint32_t>(snapshot);
  options.promiscuous = fields[5] == "1";
  if (next_group_ == 0) next_group_ = static_cast<std::uint16_t>((static_cast<unsigned>(::getpid()) & 0x7FFFU) + 1U);
  if (count > 1) {
    options.fanout.emplace();
    options.fanout->id = next_group_++;
  }
  OpenerReply reply;
  for (std::uint64_t i = 0; i < std::max<std::uint64_t>(count, 1); ++i) {
    TOCSIN_TRY(auto socket, open_packet_socket(options));
    const auto geometry = socket.geometry().encode();
    reply.fields.emplace_back(as_text(geometry));
    reply.descriptors.emplace_back(socket.release());
  }
  return reply;
}

Result<OpenerReply> Opener::bind_socket(const std::string& path) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!allowed_.allows_socket(path) || path.size() >= sizeof address.sun_path)
    return fail(Code::denied, path + " is not inside the runtime directory");
  std::memcpy(address.sun_path, path.data(), path.size());
  struct stat info{};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) return fail(Code::conflict, path + " exists and is not a socket; move it away");
    const OwnedDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return fail(Code::conflict, "somebody already listens at " + path + "; stop it first");
    ::unlink(path.c_str());
  }
  OwnedDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno("cannot make a socket", errno);
  // Everybody may connect; what they may ask is decided by who they are (daemon/control).
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0666) != 0 || ::listen(socket.get(), 64) != 0)
    return fail_errno("cannot listen at " + path, errno);
  return with(std::move(socket));
}

Result<OpenerReply> Opener::open_output(const std::string& directory) const {
  if (!allowed_.allows_output(directory)) return fail(Code::denied, directory + " is not inside the state directory");
  auto opened = open_without_links(directory, O_RDONLY | O_DIRECTORY);
  if (!opened && errno == ENOENT) {
    if (::mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST) return fail_errno("cannot make " + directory, errno);
    opened = open_without_links(directory, O_RDONLY | O_DIRECTORY);
  }
  if (!opened) return fail_errno("cannot open " + directory, errno);
  return with(std::move(opened));
}

Result<OpenerReply> Opener::socket_owner(const OpenerRequest& request) {
  TOCSIN_TRY(const auto question, SocketQuestion::decode(request.fields));
  if (helper_) {
    auto asked = send_datagram(helper_.get(), encode_request(request), {});
    auto answered = asked ? receive_datagram(helper_.get()) : std::unexpected(std::move(asked).error());
    if (answered && !answered->bytes.empty()) return decode_reply(as_bytes(answered->bytes));
    helper_.reset();  // it is gone, or late: from here on without it
  }
  TOCSIN_TRY(const auto owner, owners_.find(question));
  OpenerReply reply;
  reply.fields = owner.encode();
  return reply;
}

OpenerReply Opener::answer(const OpenerRequest& request) {
  const auto first = request.fields.empty() ? std::string() : request.fields.front();
  auto result = [&]() -> Result<OpenerReply> {
    switch (request.kind) {
      case OpenerRequestKind::open_log: return open_log(first);
      case OpenerRequestKind::list_logs: return list_logs(first);
      case OpenerRequestKind::open_journal: return open_journal(first);
      case OpenerRequestKind::interfaces: return interfaces();
      case OpenerRequestKind::open_rings: return open_rings(request.fields);
      case OpenerRequestKind::bind_socket: return bind_socket(first);
      case OpenerRequestKind::open_output: return open_output(first);
      case OpenerRequestKind::socket_owner: return socket_owner(request);
    }
    return fail(Code::invalid, "the opener does not know this kind of request");
  }();
  if (result) return *std::move(result);
  OpenerReply refused;
  refused.error = std::move(result).error();
  return refused;
}

}  // namespace tocsin::collectors
