#pragma once
// What SSH says in the clear: the version line (RFC 4253, section 4.2) and the algorithms offered (section 7.1), from
// which HASSH is made (https://github.com/salesforce/hassh). Any input is safe; the cost is linear.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct SshBanner {
  std::string_view protocol;  // "2.0"
  std::string_view software;  // "OpenSSH_9.2p1": up to the first blank, what follows is a comment
};
// A line without its end; nothing when it is no version line.
std::optional<SshBanner> parse_ssh_banner(std::string_view line) noexcept;

// The name lists of SSH_MSG_KEXINIT, in their order on the wire.
struct SshAlgorithms {
  enum List : std::uint8_t {
    key_exchange,
    host_key,
    cipher_to_server,
    cipher_to_client,
    mac_to_server,
    mac_to_client,
    compression_to_server,
    compression_to_client,
    language_to_server,
    language_to_client,
    count_
  };
  std::array<std::string_view, count_> list;  // into the message
};
// The message behind its number (20).
std::optional<SshAlgorithms> parse_ssh_algorithms(Bytes message) noexcept;
// Key exchange, cipher, MAC and compression of the direction in which the sender sends, joined by semicolons.
std::string hassh_text(const SshAlgorithms& algorithms, bool of_client);

}  // namespace tocsin::collectors
