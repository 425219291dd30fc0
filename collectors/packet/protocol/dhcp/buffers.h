#pragma once
// Inspection buffers of DHCP: numbers only. Each message is a transaction of its own.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array dhcp_buffers{
    BufferRow{Buffer::dhcp_lease_time, "dhcp.leasetime", Protocol::dhcp, BufferSide::both, 1, false, false},
    BufferRow{Buffer::dhcp_rebinding_time, "dhcp.rebinding_time", Protocol::dhcp, BufferSide::both, 1, false, false},
    BufferRow{Buffer::dhcp_renewal_time, "dhcp.renewal_time", Protocol::dhcp, BufferSide::both, 1, false, false},
};

}  // namespace tocsin::collectors
