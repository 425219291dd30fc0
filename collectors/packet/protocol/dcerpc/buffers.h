#pragma once
// Inspection buffers of DCE/RPC. Progress of either side: 1 begun, 2 complete. SMB has the same for its named pipes.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace dcerpc_progress {
inline constexpr std::uint8_t begun = 1, complete = 2;
}

inline constexpr std::array dcerpc_buffers{
    BufferRow{Buffer::dcerpc_iface, "dcerpc.iface", Protocol::dcerpc, BufferSide::both, 1, true, false},
    BufferRow{Buffer::dcerpc_opnum, "dcerpc.opnum", Protocol::dcerpc, BufferSide::both, 1, false, false},
    BufferRow{Buffer::dcerpc_stub_data, "dcerpc.stub_data", Protocol::dcerpc, BufferSide::both, 1, false, true},
};

}  // namespace tocsin::collectors
