#pragma once
// Inspection buffers of WebSocket. A transaction is one message and is seen on the side of its sender.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array websocket_buffers{
    BufferRow{Buffer::websocket_flags, "websocket.flags", Protocol::websocket, BufferSide::both, 1, false, false},
    BufferRow{Buffer::websocket_mask, "websocket.mask", Protocol::websocket, BufferSide::both, 1, false, false},
    BufferRow{Buffer::websocket_opcode, "websocket.opcode", Protocol::websocket, BufferSide::both, 1, false, false},
    BufferRow{Buffer::websocket_payload, "websocket.payload", Protocol::websocket, BufferSide::both, 1, false, false},
};

}  // namespace tocsin::collectors
