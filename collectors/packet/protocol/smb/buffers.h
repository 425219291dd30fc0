#pragma once
// Inspection buffers of SMB. Progress of either side: 1 begun, 2 complete.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace smb_progress {
inline constexpr std::uint8_t begun = 1, complete = 2;
}

inline constexpr std::array smb_buffers{
    BufferRow{Buffer::smb_named_pipe, "smb.named_pipe", Protocol::smb, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::smb_share, "smb.share", Protocol::smb, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::smb_ntlmssp_user, "smb.ntlmssp_user", Protocol::smb, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::smb_ntlmssp_domain, "smb.ntlmssp_domain", Protocol::smb, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::smb_version, "smb.version", Protocol::smb, BufferSide::both, 1, false, false},
    BufferRow{Buffer::dcerpc_iface, "dcerpc.iface", Protocol::smb, BufferSide::both, 1, true, false},
    BufferRow{Buffer::dcerpc_opnum, "dcerpc.opnum", Protocol::smb, BufferSide::both, 1, false, false},
    BufferRow{Buffer::dcerpc_stub_data, "dcerpc.stub_data", Protocol::smb, BufferSide::both, 1, false, true},
    BufferRow{Buffer::file_data, "file.data", Protocol::smb, BufferSide::both, 1, true, true},
    BufferRow{Buffer::file_name, "file.name", Protocol::smb, BufferSide::both, 1, true, false},
};

}  // namespace tocsin::collectors
