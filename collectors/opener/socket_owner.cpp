#include "collectors/opener/socket_owner.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::collectors {
namespace {

constexpr Duration scan_pause = std::chrono::milliseconds{100};
// Where the unified hierarchy is; the second on hosts that have the old ones too.
constexpr std::array<const char*, 2> cgroup_roots{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
constexpr std::uint16_t cgroup_attribute = 21;  // INET_DIAG_CGROUP_ID, since Linux 5.8
constexpr std::size_t text_most = 4096;

std::string small_file(const std::string& path) {
  const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return {};
  std::string text(text_most, '\0');
  const auto got = ::read(file.get(), text.data(), text.size());
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

std::string link_target(const std::string& path) {
  std::string text(text_most, '\0');
  const auto got = ::readlink(path.c_str(), text.data(), text.size());
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

void put_address(std::uint32_t (&to)[4], const IpAddress& address) {
  const auto bytes = address.bytes();
  std::memcpy(to, bytes.data(), std::min(bytes.size(), sizeof to));
}

// "0::/system.slice/nginx.service"
std::string unified_group(const std::string& text) {
  for (const auto line : split(text, '\n'))
    if (line.starts_with("0::")) return std::string(line.substr(3));
  return {};
}

std::string number_text(const std::optional<std::uint32_t>& number) { return number ? std::to_string(*number) : ""; }

std::optional<std::uint32_t> text_number(const std::string& text) {
  const auto number = parse_unsigned(text);
  if (!number || *number > UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

}  // namespace

std::vector<std::string> SocketQuestion::encode() const {
  return {std::to_string(transport), render_address(local), std::to_string(local_port), render_address(remote),
          std::to_string(remote_port)};
}

Result<SocketQuestion> SocketQuestion::decode(const std::vector<std::string>& fields) {
  const auto refused = [] { return fail(Code::invalid, "a question for the owner of a socket has five fields"); };
  if (fields.size() != 5) return refused();
  const auto protocol = text_number(fields[0]);
  const auto here = parse_address(fields[1]);
  const auto here_port = text_number(fields[2]);
  const auto there = parse_address(fields[3]);
  const auto there_port = text_number(fields[4]);
  const bool known = protocol && (*protocol == IPPROTO_TCP || *protocol == IPPROTO_UDP);
  if (!known || !here || !there || !here_port || !there_port || here->is_v4() != there->is_v4()) return refused();
  if (*here_port > UINT16_MAX || *there_port > UINT16_MAX) return refused();
  SocketQuestion out;
  out.transport = static_cast<std::uint8_t>(*protocol);
  out.local = *here;
  out.remote = *there;
  out.local_port = static_cast<std::uint16_t>(*here_port);
  out.remote_port = static_cast<std::uint16_t>(*there_port);
  return out;
}

std::vector<std::string> SocketOwner::encode() const {
  return {number_text(user), number_text(process), process_name, executable, cgroup};
}

Result<SocketOwner> SocketOwner::decode(const std::vector<std::string>& fields) {
  if (fields.size() != 5) return fail(Code::invalid, "the owner of a socket has five fields");
  return SocketOwner{text_number(fields[0]), text_number(fields[1]), fields[2], fields[3], fields[4]};
}

Result<std::optional<SocketOwners::Socket>> SocketOwners::exchange(const SocketQuestion& q, bool swapped) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 body;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.body.sdiag_family = q.local.is_v4() ? AF_INET : AF_INET6;
  request.body.sdiag_protocol = q.transport;
  request.body.idiag_states = UINT32_MAX;
  auto& id = request.body.id;
  id.idiag_sport = htons(swapped ? q.remote_port : q.local_port);
  id.idiag_dport = htons(swapped ? q.local_port : q.remote_port);
  put_address(id.idiag_src, swapped ? q.remote : q.local);
  put_address(id.idiag_dst, swapped ? q.local : q.remote);
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (::send(netlink_.get(), &request, sizeof request, 0) < 0) return fail_errno("cannot ask for a socket", errno);
  alignas(nlmsghdr) std::array<char, 8192> answer{};
  const auto got = ::recv(netlink_.get(), answer.data(), answer.size(), 0);
  if (got < 0) return fail_errno("no answer about a socket", errno);
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
  auto left = static_cast<unsigned>(got);
  if (!NLMSG_OK(header, left) || header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
      header->nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg)))
    return std::nullopt;
  inet_diag_msg found{};
  std::memcpy(&found, NLMSG_DATA(header), sizeof found);
  // A connection that waits for its end is nobody's any more; and the port must be the one asked for.
  if (found.idiag_inode == 0 || ntohs(found.id.idiag_sport) != q.local_port) return std::nullopt;
  Socket out{found.idiag_uid, found.idiag_inode, 0};
  const auto* attribute = reinterpret_cast<const rtattr*>(static_cast<const char*>(NLMSG_DATA(header)) + sizeof found);
  auto rest = header->nlmsg_len - NLMSG_LENGTH(sizeof found);
  for (; RTA_OK(attribute, rest); attribute = RTA_NEXT(attribute, rest))
    if (attribute->rta_type == cgroup_attribute && RTA_PAYLOAD(attribute) >= sizeof out.cgroup)
      std::memcpy(&out.cgroup, RTA_DATA(attribute), sizeof out.cgroup);
  return out;
}

Result<SocketOwners::Socket> SocketOwners::ask_kernel(const SocketQuestion& question) {
  if (!netlink_) {
    OwnedDescriptor made(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!made) return fail_errno("cannot ask the kernel about sockets", errno);
    const timeval patience{1, 0};
    ::setsockopt(made.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    netlink_ = std::move(made);
  }
  // Kernels differ in which end of a UDP socket they call the source.
  for (const bool swapped : {false, true}) {
    if (swapped && question.transport != IPPROTO_UDP) break;
    auto socket = exchange(question, swapped);
    if (!socket) {
      netlink_.reset();  // a late answer must not be taken for the next one
      return std::unexpected(std::move(socket).error());
    }
    if (*socket) return **socket;
  }
  return fail(Code::not_found, "no such socket here");
}

void SocketOwners::scan_processes() {
  processes_scanned_ = clock_.now();
  processes_.clear();
  const Directory proc(::opendir("/proc"));
  if (!proc) return;
  std::size_t processes = 0;
  std::size_t descriptors = 0;
  for (const dirent* entry = ::readdir(proc.get()); entry != nullptr; entry = ::readdir(proc.get())) {
    const auto number = text_number(entry->d_name);
    if (!number) continue;
    if (++processes > processes_most || descriptors > descriptors_most) return;
    const auto path = fmt::format("/proc/{}/fd", *number);
    const Directory opened(::opendir(path.c_str()));
    if (!opened) continue;
    for (const dirent* file = ::readdir(opened.get()); file != nullptr && ++descriptors <= descriptors_most;
         file = ::readdir(opened.get())) {
      if (file->d_name[0] == '.') continue;
      const auto target = link_target(path + "/" + file->d_name);
      constexpr std::string_view mark = "socket:[";
      if (!target.starts_with(mark)) continue;
      if (const auto inode =
              parse_unsigned(std::string_view(target).substr(mark.size(), target.size() - mark.size() - 1)))
        processes_.emplace(*inode, *number);
    }
  }
}

std::optional<std::uint32_t> SocketOwners::process_of(std::uint64_t inode) {
  auto found = processes_.find(inode);
  if (found == processes_.end() && clock_.now() - processes_scanned_ >= scan_pause) {
    scan_processes();
    found = processes_.find(inode);
  }
  if (found == processes_.end()) return std::nullopt;
  return found->second;
}

void SocketOwners::scan_groups() {
  groups_scanned_ = clock_.now();
  groups_.clear();
  for (const std::string root : cgroup_roots) {
    if (::access((root + "/cgroup.procs").c_str(), F_OK) != 0) continue;
    std::vector<std::string> open{""};
    while (!open.empty() && groups_.size() < groups_most) {
      const auto group = std::move(open.back());
      open.pop_back();
      struct stat info{};
      if (::stat((root + group).c_str(), &info) != 0) continue;
      groups_.emplace(info.st_ino, group.empty() ? "/" : group);
      const Directory opened(::opendir((root + group).c_str()));
      if (!opened) continue;
      for (const dirent* entry = ::readdir(opened.get()); entry != nullptr; entry = ::readdir(opened.get()))
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && open.size() < groups_most)
          open.push_back(group + "/" + entry->d_name);
    }
    return;
  }
}

std::string SocketOwners::cgroup_path(std::uint64_t id) {
  if (id == 0) return {};
  auto found = groups_.find(id);
  if (found == groups_.end() && clock_.now() - groups_scanned_ >= scan_pause) {
    scan_groups();
    found = groups_.find(id);
  }
  return found == groups_.end() ? std::string() : found->second;
}

std::optional<std::uint32_t> SocketOwners::only_process(const std::string& cgroup) {
  if (cgroup.size() < 2) return std::nullopt;
  for (const std::string root : cgroup_roots) {
    const auto text = small_file(root + cgroup + "/cgroup.procs");
    const auto lines = split(text, '\n');
    if (lines.size() == 2 && lines[1].empty()) return text_number(std::string(lines[0]));
  }
  return std::nullopt;
}

Result<SocketOwner> SocketOwners::find(const SocketQuestion& question) {
  TOCSIN_TRY(const auto socket, ask_kernel(question));
  SocketOwner out;
  out.user = socket.user;
  out.process = process_of(socket.inode);
  if (!out.process) {
    out.cgroup = cgroup_path(socket.cgroup);
    out.process = only_process(out.cgroup);
  }
  if (!out.process) return out;
  const auto base = fmt::format("/proc/{}/", *out.process);
  out.process_name = trim(small_file(base + "comm"));
  out.executable = link_target(base + "exe");
  if (auto group = unified_group(small_file(base + "cgroup")); !group.empty()) out.cgroup = std::move(group);
  // It ended meanwhile: its number says nothing.
  if (out.process_name.empty()) out.process.reset();
  return out;
}

}  // namespace tocsin::collectors
