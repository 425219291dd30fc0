#pragma once
// Inspection buffers of DNP3. A transaction is one message and is seen on the side of its sender. Progress: 1 whole.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace dnp3_progress {
inline constexpr std::uint8_t complete = 1;
}

inline constexpr std::array dnp3_buffers{
    BufferRow{Buffer::dnp3_data, "dnp3_data", Protocol::dnp3, BufferSide::both, 1, false, false},
    BufferRow{Buffer::dnp3_function, "dnp3_func", Protocol::dnp3, BufferSide::both, 1, false, false},
    BufferRow{Buffer::dnp3_indicators, "dnp3_ind", Protocol::dnp3, BufferSide::both, 1, false, false},
    BufferRow{Buffer::dnp3_object, "dnp3_obj", Protocol::dnp3, BufferSide::both, 1, true, false},
};

}  // namespace tocsin::collectors
