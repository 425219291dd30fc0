#pragma once
// Which processes, accounts, units and ports a response must not touch, beside addresses and paths (never_touch.h,
// judge.h): what runs this host, what runs us, and the way in for those who could put it right.

#include <string>
#include <string_view>
#include <vector>

#include "responders/action/action.h"
#include "responders/guard/policy.h"

namespace tocsin::responders {

// Reads /proc and the account database, and asks systemd what a unit is called and who needs it. One reason for each
// protected target among the parameters; `asker`: pid.
std::vector<std::string> protected_targets(const Policy& policy, const ActionSpec& spec, const Parameters& parameters,
                                           int asker);

// Empty: not protected. Pure.
std::string unit_reason(const Policy& policy, std::string_view unit);
std::string port_reason(const Policy& policy, std::uint64_t port);

}  // namespace tocsin::responders
