#pragma once
// Inspection buffers of POP3: a transaction is a command and its answer. Progress of either side: 1 asked, 2 a mail is
// coming, 3 answered.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace pop3_progress {
inline constexpr std::uint8_t asked = 1, mail = 2, answered = 3;
}

inline constexpr std::array pop3_buffers{
    BufferRow{Buffer::file_data, "file.data", Protocol::pop3, BufferSide::to_client, 2, true, true},
    BufferRow{Buffer::file_name, "file.name", Protocol::pop3, BufferSide::to_client, 2, true, true},
};

}  // namespace tocsin::collectors
