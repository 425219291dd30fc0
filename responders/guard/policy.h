#pragma once
// What the guard allows: one YAML file (JSON is YAML too), read at start by tocsin-responder alone. The defaults apply
// nothing. Values only.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/diagnostic.h"
#include "collectors/base/time.h"
#include "responders/action/notify/channel.h"

namespace tocsin::responders {

// observe: forecasts only for the record; rehearse: full forecast, nothing applied; approve: applied once an approver
// who is not the requester says so; automatic: applied at once.
enum class GuardMode : std::uint8_t { observe, rehearse, approve, automatic };
std::string_view guard_mode_name(GuardMode mode) noexcept;

struct RoleMembers {
  std::set<std::uint32_t> users;   // uid
  std::set<std::uint32_t> groups;  // gid
};

struct Policy {
  GuardMode mode = GuardMode::rehearse;
  std::map<std::string, GuardMode, std::less<>> modes;  // by action, over `mode`
  Duration ttl_most = std::chrono::hours(24);
  std::uint8_t prefix_least_v4 = 24;  // never a wider network
  std::uint8_t prefix_least_v6 = 48;
  std::uint32_t per_minute = 10;  // of one action
  std::uint32_t live_most = 1000;
  Duration approval_expires = std::chrono::hours(1);
  std::vector<Network> never_touch;
  std::vector<std::string> never_touch_paths;          // and everything below
  std::vector<std::uint16_t> management_ports = {22};  // whoever is connected to them here is an operator
  RoleMembers viewers;                                 // may look: rehearse, verify, list, status
  RoleMembers responders;                              // may ask for actions, undo and halt; and look
  RoleMembers approvers;                               // may approve and resume, undo and halt; and look
  std::uint32_t own_user = UINT32_MAX;                 // whose process the guard is: may look
  NotifyChannels channels;

  GuardMode mode_of(std::string_view action) const;
};

// Bad entries are reported (P09xx with line and column); the caller refuses to start on an error, because a guard with
// half a policy is no guard.
Policy load_policy(std::string_view yaml, std::string_view file, Diagnostics& diagnostics);

}  // namespace tocsin::responders
