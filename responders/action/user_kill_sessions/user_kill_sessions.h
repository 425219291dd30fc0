#pragma once
// user.kill_sessions: every process of an account ends: its shells, what they started, what it left running. Needs
// CAP_KILL.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 1> user_kill_sessions_parameters{{
    {"account", ParameterType::account, ParameterSpec::Presence::required, {}, "login name"},
}};
inline constexpr ActionSpec user_kill_sessions_spec{"user.kill_sessions",          "end every process of an account",
                                                    user_kill_sessions_parameters, Capability::process_control,
                                                    Reversibility::irreversible,   BlastRadius::account};

Forecast describe_user_kill_sessions(const Parameters& parameters);
std::unique_ptr<Action> make_user_kill_sessions(const ActionEnvironment& environment);

}  // namespace tocsin::responders
