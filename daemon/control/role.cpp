#include "daemon/control/role.h"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::daemon {
namespace {

constexpr std::array<std::string_view, 6> names{"nobody", "viewer", "analyst", "responder", "approver", "admin"};

constexpr std::uint8_t bit(Role role) noexcept { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(role)); }

std::vector<gid_t> peer_groups(int socket) {
  std::vector<gid_t> groups(64);
  auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) {
    if (errno != ERANGE) return {};
    groups.resize(size / sizeof(gid_t));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return {};
  }
  groups.resize(size / sizeof(gid_t));
  return groups;
}

std::string user_name(uid_t user) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return entry.pw_name;
  return std::to_string(user);
}

std::optional<uid_t> login_user(pid_t process) {
  std::ifstream in(fmt::format("/proc/{}/loginuid", process));
  std::string text;
  if (!std::getline(in, text)) return std::nullopt;
  const auto number = parse_unsigned(trim(text));
  if (!number || *number >= UINT32_MAX) return std::nullopt;  // 4294967295: never logged in
  return static_cast<uid_t>(*number);
}

}  // namespace

std::string_view role_name(Role role) noexcept { return names[static_cast<std::size_t>(role)]; }

void RoleSet::grant(Role role) noexcept {
  switch (role) {
    case Role::admin: bits_ |= bit(Role::admin); [[fallthrough]];
    case Role::responder: bits_ |= bit(Role::responder); [[fallthrough]];
    case Role::analyst: bits_ |= bit(Role::analyst); [[fallthrough]];
    case Role::viewer: bits_ |= bit(Role::viewer); break;
    case Role::approver: bits_ |= static_cast<std::uint8_t>(bit(Role::approver) | bit(Role::viewer)); break;
    case Role::nobody: break;
  }
}

bool RoleSet::allows(Role least) const noexcept { return least == Role::nobody || (bits_ & bit(least)) != 0; }

std::string RoleSet::text() const {
  std::string out;
  for (const Role role : {Role::admin, Role::responder, Role::analyst, Role::viewer})
    if (allows(role)) {
      out = role_name(role);
      break;
    }
  if (allows(Role::approver)) out += out.empty() ? "approver" : ", approver";
  return out.empty() ? "nobody" : out;
}

std::vector<RoleGroup> find_role_groups(const RoleGroupNames& group_names) {
  const std::pair<const std::string*, Role> wanted[] = {{&group_names.viewer, Role::viewer},
                                                        {&group_names.analyst, Role::analyst},
                                                        {&group_names.responder, Role::responder},
                                                        {&group_names.approver, Role::approver},
                                                        {&group_names.admin, Role::admin}};
  std::vector<RoleGroup> found;
  for (const auto& [name, role] : wanted) {
    if (name->empty()) continue;
    std::vector<char> buffer(65536);
    group entry{};
    group* result = nullptr;
    if (::getgrnam_r(name->c_str(), &entry, buffer.data(), buffer.size(), &result) == 0 && result != nullptr)
      found.push_back({entry.gr_gid, role});
  }
  return found;
}

RoleSet roles_for(uid_t user, const std::vector<gid_t>& groups, const RolePolicy& policy) {
  RoleSet roles;
  const bool root = user == 0;
  if (root || user == policy.own_user) roles.grant(Role::admin);
  for (const auto& row : policy.groups) {
    if (std::ranges::find(groups, row.group) == groups.end()) continue;
    if (root && row.role == Role::approver) continue;  // root can join any group; that is not an approval
    roles.grant(row.role);
  }
  return roles;
}

Result<Peer> peer_of(int socket, const RolePolicy& policy) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return fail_errno("cannot learn who is at the other end of the control socket", errno);
  Peer peer;
  peer.user = credentials.uid;
  peer.group = credentials.gid;
  peer.process = credentials.pid;
  peer.login_user = login_user(credentials.pid);
  peer.name = user_name(credentials.uid);
  auto groups = peer_groups(socket);
  groups.push_back(credentials.gid);
  peer.roles = roles_for(credentials.uid, groups, policy);
  return peer;
}

std::string Peer::text() const {
  if (login_user && *login_user != user) return fmt::format("{} (uid {}, login uid {})", name, user, *login_user);
  return fmt::format("{} (uid {})", name, user);
}

}  // namespace tocsin::daemon
