#pragma once
// Inspection buffers of RFB (VNC). Progress of both sides: 1 version, 2 kind of security, 3 outcome of it, 4 ready.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace rfb_progress {
inline constexpr std::uint8_t version = 1, security = 2, outcome = 3, ready = 4;
}

inline constexpr std::array rfb_buffers{
    BufferRow{Buffer::rfb_name, "rfb.name", Protocol::rfb, BufferSide::to_client, 4, false, false},
    BufferRow{Buffer::rfb_security_type, "rfb.sectype", Protocol::rfb, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::rfb_security_result, "rfb.secresult", Protocol::rfb, BufferSide::to_client, 3, false, false},
};

}  // namespace tocsin::collectors
