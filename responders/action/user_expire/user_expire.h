#pragma once
// user.expire: an account has ended (shadow(5), field 8), so that neither password nor key lets in, for a limited time.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 2> user_expire_parameters{{
    {"account", ParameterType::account, ParameterSpec::Presence::required, {}, "login name"},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "24h", "how long; then it is as before"},
}};
inline constexpr ActionSpec user_expire_spec{
    "user.expire",           "let an account end at once, keys and all, for a limited time",
    user_expire_parameters,  Capability::file_owner,
    Reversibility::undoable, BlastRadius::account};

Forecast describe_user_expire(const Parameters& parameters);
std::unique_ptr<Action> make_user_expire(const ActionEnvironment& environment);

}  // namespace tocsin::responders
