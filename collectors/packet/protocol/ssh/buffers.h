#pragma once
// Inspection buffers of SSH. Progress of either side: 1 banner, 2 algorithms offered, 3 keys in use.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace ssh_progress {
inline constexpr std::uint8_t banner = 1, algorithms = 2, keys = 3;
}

inline constexpr std::array ssh_buffers{
    BufferRow{Buffer::ssh_proto, "ssh.proto", Protocol::ssh, BufferSide::both, 1, false, false},
    BufferRow{Buffer::ssh_software, "ssh.software", Protocol::ssh, BufferSide::both, 1, false, false},
    BufferRow{Buffer::ssh_hassh, "ssh.hassh", Protocol::ssh, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::ssh_hassh_string, "ssh.hassh.string", Protocol::ssh, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::ssh_hassh_server, "ssh.hassh.server", Protocol::ssh, BufferSide::to_client, 2, false, false},
    BufferRow{Buffer::ssh_hassh_server_string, "ssh.hassh.server.string", Protocol::ssh, BufferSide::to_client, 2,
              false, false},
};

}  // namespace tocsin::collectors
