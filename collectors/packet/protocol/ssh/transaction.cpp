#include "collectors/packet/protocol/ssh/transaction.h"

#include <algorithm>

#include "collectors/base/digest.h"
#include "collectors/packet/protocol/ssh/buffers.h"

namespace tocsin::collectors {

void SshTransaction::set_banner(Direction direction, const SshBanner& banner) {
  Side& side = side_[collectors::index(direction)];
  side.protocol = banner.protocol;
  side.software = banner.software;
  side.progress = std::max(side.progress, ssh_progress::banner);
}

void SshTransaction::set_algorithms(Direction direction, const SshAlgorithms& algorithms) {
  Side& side = side_[collectors::index(direction)];
  if (side.progress >= ssh_progress::algorithms) return;  // the first offer is the fingerprint
  side.hassh_text = collectors::hassh_text(algorithms, direction == Direction::to_server);
  side.hassh = render_digest(md5(as_bytes(side.hassh_text)));
  side.progress = ssh_progress::algorithms;
}

void SshTransaction::set_keys(Direction direction) {
  side_[collectors::index(direction)].progress = ssh_progress::keys;
}

bool SshTransaction::complete(Direction direction) const { return progress(direction) >= ssh_progress::keys; }

std::optional<Bytes> SshTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (index != 0) return std::nullopt;
  const Side& side = side_[collectors::index(direction)];
  const auto if_any = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(as_bytes(text));
  };
  const bool client = direction == Direction::to_server;
  switch (buffer) {
    case Buffer::ssh_proto: return if_any(side.protocol);
    case Buffer::ssh_software: return if_any(side.software);
    case Buffer::ssh_hassh: return client ? if_any(side.hassh) : std::nullopt;
    case Buffer::ssh_hassh_string: return client ? if_any(side.hassh_text) : std::nullopt;
    case Buffer::ssh_hassh_server: return client ? std::nullopt : if_any(side.hassh);
    case Buffer::ssh_hassh_server_string: return client ? std::nullopt : if_any(side.hassh_text);
    default: return std::nullopt;
  }
}

}  // namespace tocsin::collectors
