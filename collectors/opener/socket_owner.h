#pragma once
// Whose socket is it: user and control group from the kernel's socket diagnostics (sock_diag(7), linux/inet_diag.h),
// the process from /proc. Sockets of this network namespace only. The kernel tells anybody the user and the control
// group; /proc/PID/fd of other users needs CAP_SYS_PTRACE and a process outside Landlock, so tocsin-opener asks a
// helper that it starts before it confines itself. What cannot be found out stays empty.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::collectors {

struct SocketQuestion {
  std::uint8_t transport = 6;  // TCP or UDP
  IpAddress local;
  IpAddress remote;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;

  std::vector<std::string> encode() const;
  // `invalid` for anything else.
  static Result<SocketQuestion> decode(const std::vector<std::string>& fields);
};

struct SocketOwner {
  std::optional<std::uint32_t> user;
  std::optional<std::uint32_t> process;
  std::string process_name;
  std::string executable;
  std::string cgroup;  // path below the root of the unified hierarchy

  std::vector<std::string> encode() const;
  static Result<SocketOwner> decode(const std::vector<std::string>& fields);
};

// One thread.
class SocketOwners {
 public:
  static constexpr std::size_t processes_most = 8192;     // looked at in one scan of /proc
  static constexpr std::size_t descriptors_most = 65536;  // of all of them
  static constexpr std::size_t groups_most = 8192;        // directories of control groups

  explicit SocketOwners(const Clock& clock) : clock_(clock) {}
  // not_found: no such socket (any more).
  Result<SocketOwner> find(const SocketQuestion& question);

 private:
  struct Socket {
    std::uint32_t user = 0;
    std::uint64_t inode = 0;
    std::uint64_t cgroup = 0;
  };
  Result<Socket> ask_kernel(const SocketQuestion& question);
  Result<std::optional<Socket>> exchange(const SocketQuestion& question, bool swapped);
  std::optional<std::uint32_t> process_of(std::uint64_t inode);
  void scan_processes();
  std::string cgroup_path(std::uint64_t id);
  void scan_groups();
  // The only process of a control group, when it is the only one.
  static std::optional<std::uint32_t> only_process(const std::string& cgroup);

  const Clock& clock_;
  OwnedDescriptor netlink_;
  std::unordered_map<std::uint64_t, std::uint32_t> processes_;  // by inode of their sockets
  std::unordered_map<std::uint64_t, std::string> groups_;       // by id
  Time processes_scanned_{};
  Time groups_scanned_{};
};

}  // namespace tocsin::collectors
