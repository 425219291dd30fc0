#pragma once
// What the guard allows: one YAML file (JSON is YAML too), read at start by tocsin-responder alone. The defaults apply
// nothing. Values only.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/diagnostic.h"
#include "collectors/base/time.h"
#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

// observe: forecasts only for the record; rehearse: full forecast, nothing applied; approve: applied once an approver
// who is not the requester says so; automatic: applied at once.
enum class GuardMode : std::uint8_t { observe, rehearse, approve, automatic };
std::string_view guard_mode_name(GuardMode mode) noexcept;

struct RoleMembers {
  std::set<std::uint32_t> users;   // uid
  std::set<std::uint32_t> groups;  // gid
};

// When automation may not act by itself: on these days, from and until these minutes of the day, in UTC. One that ends
// before it begins goes over midnight.
struct MaintenanceWindow {
  std::uint8_t days = 0x7f;  // bit 0 = Monday, the day it begins
  std::uint16_t from = 0;
  std::uint16_t until = 0;
  bool holds(Time now) const noexcept;
};

// How much of one kind may be in effect at once.
inline constexpr std::size_t blast_radii = static_cast<std::size_t>(BlastRadius::host) + 1;

struct Policy {
  GuardMode mode = GuardMode::rehearse;
  std::map<std::string, GuardMode, std::less<>> modes;       // by action, over `mode`
  std::map<std::string, GuardMode, std::less<>> rule_modes;  // by id of the detection; the stricter one counts
  std::array<std::optional<GuardMode>, 6> asset_modes{};     // by level of the asset, 1-5; the stricter one counts
  Duration ttl_most = std::chrono::hours(24);
  std::uint8_t prefix_least_v4 = 24;  // never a wider network
  std::uint8_t prefix_least_v6 = 48;
  std::uint32_t per_minute = 10;  // of one action
  std::uint32_t live_most = 1000;
  std::uint32_t rule_per_minute = 10;  // set off by one detection
  std::array<std::uint32_t, blast_radii> blast_most{1000, 100, 50, 1000, 10, 5, 20, 1};
  std::array<std::uint8_t, blast_radii> quorum{1, 1, 1, 1, 1, 1, 1, 1};  // approvers, by how much of the host feels it
  std::uint8_t depth_most = 3;                  // of causes: a response to what a response set off, and so on
  Duration cooldown = std::chrono::minutes(1);  // before automation does the same to the same again
  std::uint32_t trip_after = 3;                 // refusals by a cap, or failures, of one action within trip_within
  Duration trip_within = std::chrono::minutes(10);
  std::vector<MaintenanceWindow> maintenance;
  std::map<std::string, Duration, std::less<>> confirm_within;  // by action: undone unless a person confirms it
  Duration approval_expires = std::chrono::hours(1);
  std::vector<Network> never_touch;
  std::vector<std::string> never_touch_paths;      // and everything below
  std::set<std::string, std::less<>> break_glass;  // accounts that are never locked
  std::vector<std::string> never_touch_programs;   // by path of the executable
  std::vector<std::string> never_touch_units;
  std::vector<std::string> never_touch_domains;  // lower case; what is above and below them too
  IsolationSettings isolation;
  std::vector<std::uint16_t> management_ports = {22};  // whoever is connected to them here is an operator
  RoleMembers viewers;                                 // may look: rehearse, verify, list, status
  RoleMembers responders;                              // may ask for actions, undo and halt; and look
  RoleMembers approvers;                               // may approve and resume, undo and halt; and look
  RoleMembers readers;                                 // programs that look into what is lent to them, and nothing else
  std::uint32_t own_user = UINT32_MAX;                 // whose process the guard is: may look
  NotifyChannels channels;

  GuardMode mode_of(std::string_view action) const;
  // The strictest of what is said of the action, the detection that set it off and the asset it acts upon.
  GuardMode mode_of(std::string_view action, std::string_view rule, std::uint8_t asset_level) const;
};

// Bad entries are reported (P09xx with line and column); the caller refuses to start on an error, because a guard with
// half a policy is no guard.
Policy load_policy(std::string_view yaml, std::string_view file, Diagnostics& diagnostics);

}  // namespace tocsin::responders
