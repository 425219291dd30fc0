#pragma once
// ssh.revoke_key: a key does not let into an account any more: its line in ~/.ssh/authorized_keys becomes a comment,
// for a limited time. Undone byte for byte when nobody changed the file since, else line by line.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 3> ssh_revoke_key_parameters{{
    {"account", ParameterType::account, ParameterSpec::Presence::required, {}, "login name"},
    {"fingerprint", ParameterType::text, ParameterSpec::Presence::required, {}, "as ssh-keygen -l shows it: SHA256:…"},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "24h", "how long; then it is as before"},
}};
inline constexpr ActionSpec ssh_revoke_key_spec{
    "ssh.revoke_key",          "take a key out of an account's authorized_keys for a limited time",
    ssh_revoke_key_parameters, Capability::file_owner,
    Reversibility::undoable,   BlastRadius::account};

Forecast describe_ssh_revoke_key(const Parameters& parameters);
std::unique_ptr<Action> make_ssh_revoke_key(const ActionEnvironment& environment);

}  // namespace tocsin::responders
