#pragma once
// Joins audit records of one serial and makes of them what happened: a program was started, a connection was opened, a
// file was created or deleted. Groups end with EOE or PROCTITLE, when the source has moved on, or at finish().
// Everything is capped; what a cap throws away is counted. One owner, one thread.

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/digest.h"
#include "collectors/event/event.h"
#include "collectors/log/audit/record.h"

namespace tocsin::collectors {

// What is remembered of a process, so that its children know their parent.
struct KnownProcess {
  std::string executable;
  std::string command_line;
  std::uint64_t parent = 0;
};

// Least recently touched goes first.
class ProcessMemory {
 public:
  static constexpr std::size_t most = 8192;
  const KnownProcess* find(std::uint64_t pid) const noexcept;
  KnownProcess& touch(std::uint64_t pid);

 private:
  struct Row {
    KnownProcess process;
    std::list<std::uint64_t>::iterator place;
  };
  std::unordered_map<std::uint64_t, Row> rows_;
  std::list<std::uint64_t> order_;  // oldest first
};

struct SocketAddress {
  IpAddress address;
  std::uint16_t port = 0;
  std::string path;  // AF_UNIX
};
// saddr= of a SOCKADDR record: struct sockaddr in hex (host-endian family, network-order port).
SocketAddress read_socket_address(std::string_view hex);

// One serial's records, as far as they matter.
struct AuditGroup {
  struct Path {
    std::string name, nametype, inode, mode, owner;
  };
  std::uint64_t serial = 0;
  Time time{};
  Digest128 first;          // id of the first record
  std::uint64_t place = 0;  // and its offset
  bool has_syscall = false;
  std::string syscall, success, exe, comm, tty, key, session;
  std::string uid, euid, auid, user, effective_user, login_user;
  std::uint64_t pid = 0, parent = 0;
  std::int64_t exit = 0;
  std::vector<std::string> args;
  std::size_t arg_bytes = 0;
  std::string cwd, proctitle;
  std::vector<Path> paths;
  SocketAddress socket;
};

class AuditAssembler {
 public:
  static constexpr std::size_t groups_most = 256;
  static constexpr std::size_t args_most = 4096;
  static constexpr std::size_t arg_bytes_most = 256 * 1024;
  static constexpr std::size_t paths_most = 64;

  // `place_in_source`: the record's offset, for oldest_open().
  void add(const AuditRecord& record, const AuditFields& fields, const Digest128& id, std::uint64_t place_in_source);
  // Offset of the first record whose event is not given yet: reading must start there again after a crash.
  std::optional<std::uint64_t> oldest_open() const noexcept;
  // Ends every open group.
  void finish();
  // The next event that was put together; false when there is none now.
  bool next(EventBuilder& builder, EventHeader& header);

  std::uint64_t evicted() const noexcept { return evicted_; }

 private:
  enum class Kind : std::uint8_t { process, network, file_created, file_deleted };
  struct Ready {
    Kind kind;
    std::size_t path = 0;
    std::shared_ptr<const AuditGroup> group;
    KnownProcess parent;
    bool parent_known = false;
    std::string command_line;
  };

  void end_group(std::map<std::uint64_t, AuditGroup>::iterator group);
  void end_stale(const AuditRecord& record);
  void put_together(AuditGroup group);
  void build(const Ready& ready, EventBuilder& builder, EventHeader& header) const;
  static void build_process(const AuditGroup& group, EventBuilder& builder, EventHeader& header);
  static void build_network(const AuditGroup& group, EventBuilder& builder, EventHeader& header);
  static void build_file(const Ready& ready, EventBuilder& builder, EventHeader& header);

  std::map<std::uint64_t, AuditGroup> groups_;  // by serial
  std::deque<Ready> ready_;
  ProcessMemory processes_;
  std::uint64_t evicted_ = 0;
};

}  // namespace tocsin::collectors
