#pragma once
// Everyone is somebody: who is at the other end of the socket and what that person may do. DESIGN section 4.9.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"

namespace tocsin::daemon {

// What a method asks for. admin includes responder includes analyst includes viewer; approver includes viewer only, and
// nothing includes approver: whoever runs the machine does not thereby approve.
enum class Role : std::uint8_t { nobody, viewer, analyst, responder, approver, admin };
std::string_view role_name(Role role) noexcept;

class RoleSet {
 public:
  constexpr RoleSet() = default;
  void grant(Role role) noexcept;
  bool allows(Role least) const noexcept;
  bool empty() const noexcept { return bits_ == 0; }
  std::string text() const;  // "analyst, approver"; "nobody"

 private:
  std::uint8_t bits_ = 0;
};

// Names of the unix groups that carry the roles; an empty name gives the role to nobody.
struct RoleGroupNames {
  std::string viewer, analyst, responder, approver, admin;
};

struct RoleGroup {
  gid_t group;
  Role role;
};

// Group names looked up once. A group that does not exist is left out: its role is nobody's.
std::vector<RoleGroup> find_role_groups(const RoleGroupNames& names);

struct Peer {
  uid_t user = 0;
  gid_t group = 0;
  pid_t process = 0;
  std::optional<uid_t> login_user;  // from /proc/<pid>/loginuid: who logged in before any sudo
  std::string name;                 // user name, or the number
  RoleSet roles;
  std::string text() const;  // "root (uid 0, login uid 1000)": for journals
};

struct RolePolicy {
  std::vector<RoleGroup> groups;
  uid_t own_user = 0;  // the daemon's own: admin, as root is
};

RoleSet roles_for(uid_t user, const std::vector<gid_t>& groups, const RolePolicy& policy);
// Of a connected unix socket: SO_PEERCRED, SO_PEERGROUPS (unix(7)).
Result<Peer> peer_of(int socket, const RolePolicy& policy);

}  // namespace tocsin::daemon
