#pragma once
// user.lock: the password of an account does not work for a limited time (shadow(5): "!" before it, as usermod -L).
// Keys still let in: user.expire keeps those out too.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 2> user_lock_parameters{{
    {"account", ParameterType::account, ParameterSpec::Presence::required, {}, "login name"},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "24h", "how long; then it is as before"},
}};
inline constexpr ActionSpec user_lock_spec{"user.lock",
                                           "lock the password of an account for a limited time",
                                           user_lock_parameters,
                                           Capability::file_owner,
                                           Reversibility::undoable,
                                           BlastRadius::account};

Forecast describe_user_lock(const Parameters& parameters);
std::unique_ptr<Action> make_user_lock(const ActionEnvironment& environment);

}  // namespace tocsin::responders
