#pragma once
// Inspection buffers of SNMP. Each message is a transaction of its own.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array snmp_buffers{
    BufferRow{Buffer::snmp_community, "snmp.community", Protocol::snmp, BufferSide::both, 1, false, false},
    BufferRow{Buffer::snmp_usm, "snmp.usm", Protocol::snmp, BufferSide::both, 1, false, false},
    BufferRow{Buffer::snmp_version, "snmp.version", Protocol::snmp, BufferSide::both, 1, false, false},
    BufferRow{Buffer::snmp_pdu_type, "snmp.pdu_type", Protocol::snmp, BufferSide::both, 1, false, false},
    BufferRow{Buffer::snmp_trap_type, "snmp.trap_type", Protocol::snmp, BufferSide::both, 1, false, false},
};

}  // namespace tocsin::collectors
