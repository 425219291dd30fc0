#pragma once
// The guard's decision as a pure function: the same facts give the same verdict, at plan and again at apply. Its rules
// come from outages others had; see README.md.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "responders/action/request.h"
#include "responders/guard/never_touch.h"
#include "responders/guard/policy.h"

namespace tocsin::responders {

// Who asks, as the kernel says.
struct Peer {
  std::uint32_t uid = UINT32_MAX;
  std::uint32_t gid = UINT32_MAX;
  std::uint32_t login_uid = UINT32_MAX;
  int pid = 0;
  std::vector<std::uint32_t> groups;  // supplementary
};
bool has_role(const RoleMembers& role, const Peer& peer) noexcept;

// Forecasts tell of files and addresses that not everybody may know of, and the list tells who did what.
bool may_look(const Policy& policy, const Peer& peer) noexcept;

// What is lent is secret even to responders: it goes to programs that do nothing but look into it, and they may ask for
// nothing else.
bool may_rehearse(const Policy& policy, const ActionRequest& request, const Peer& peer) noexcept;

struct Facts {
  std::vector<ProtectedNetwork> protected_networks;
  std::vector<IpAddress> login_addresses;  // of the peer, and of whom it asks for
  std::string unknown;                     // why the networks could not be computed; empty = they were
  std::uint32_t in_last_minute = 0;        // applied by this action
  std::uint32_t live = 0;                  // in effect now, all actions
  bool halted = false;
  std::vector<std::string> protected_targets;  // why what is named beside addresses and paths must not be touched
  std::uint32_t rule_in_last_minute = 0;       // applied because of the same detection
  std::uint32_t live_of_radius = 0;            // in effect now, of actions that reach as far as this one
  bool tripped = false;                        // automation of this action was stopped
  std::optional<Duration> since_same;          // since the same, done to the same, came to an end
  Time now{};
};

// A person asked, over the socket or through tocsind; otherwise a program decided.
bool is_person(const ActionRequest& request, const Peer& peer) noexcept;

// Why the target itself is not touched, whoever asks: of never-touch lists, times and widths alone.
std::optional<GuardVerdict> judge_target(const Policy& policy, const Facts& facts, const ActionSpec& spec,
                                         const Parameters& parameters);

// What an apply of this request would be told now.
GuardVerdict judge(const Policy& policy, const Facts& facts, const ActionSpec& spec, const Parameters& parameters,
                   const ActionRequest& request, const Peer& peer);

}  // namespace tocsin::responders
