#pragma once
// Lines of authorized_keys (sshd(8)) by the fingerprint of their key. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::responders {

// "SHA256:…" of the key on the line, as ssh-keygen -l shows it; nullopt: a comment, or no key.
std::optional<std::string> fingerprint_of(std::string_view line);
// Every line with this key made a comment of ours; nullopt: none has it.
std::optional<std::string> revoke_key(std::string_view file, std::string_view fingerprint);
// The comments of ours for this key made lines again.
std::string restore_key(std::string_view file, std::string_view fingerprint);

}  // namespace tocsin::responders
