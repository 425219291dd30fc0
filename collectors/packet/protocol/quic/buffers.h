#pragma once
// Inspection buffers of QUIC. A transaction is one packet and is seen on the side of its sender.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array quic_buffers{
    BufferRow{Buffer::quic_version, "quic.version", Protocol::quic, BufferSide::both, 1, false, false},
    BufferRow{Buffer::quic_sni, "quic.sni", Protocol::quic, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::quic_ua, "quic.ua", Protocol::quic, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::quic_cyu_hash, "quic.cyu.hash", Protocol::quic, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::quic_cyu_string, "quic.cyu.string", Protocol::quic, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::ja3_hash, "ja3.hash", Protocol::quic, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::ja3_string, "ja3.string", Protocol::quic, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::ja3s_hash, "ja3s.hash", Protocol::quic, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::ja3s_string, "ja3s.string", Protocol::quic, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::ja4_hash, "ja4.hash", Protocol::quic, BufferSide::to_server, 1, false, false},
};

}  // namespace tocsin::collectors
