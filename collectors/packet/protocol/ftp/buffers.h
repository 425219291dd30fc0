#pragma once
// Inspection buffers of FTP: a transaction is a command and its answer. Progress of either side: 1 the command is
// there, 2 it is answered. Of a data channel: 1 data flows, 2 it ended.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace ftp_progress {
inline constexpr std::uint8_t asked = 1, answered = 2;
inline constexpr std::uint8_t flowing = 1, ended = 2;
}  // namespace ftp_progress

inline constexpr std::array ftp_buffers{
    BufferRow{Buffer::ftp_command, "ftp.command", Protocol::ftp, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::ftp_command_data, "ftp.command_data", Protocol::ftp, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::ftp_reply, "ftp.reply", Protocol::ftp, BufferSide::to_client, 2, true, false},
    BufferRow{Buffer::ftp_completion_code, "ftp.completion_code", Protocol::ftp, BufferSide::to_client, 2, true, false},
    BufferRow{Buffer::ftp_mode, "ftp.mode", Protocol::ftp, BufferSide::both, 2, false, false},
    BufferRow{Buffer::ftp_dynamic_port, "ftp.dynamic_port", Protocol::ftp, BufferSide::both, 2, false, false},
    BufferRow{Buffer::ftp_reply_received, "ftp.reply_received", Protocol::ftp, BufferSide::to_client, 2, false, false},
    BufferRow{Buffer::ftp_bounce, "ftpbounce", Protocol::ftp, BufferSide::to_server, 1, false, false},
};

inline constexpr std::array ftp_data_buffers{
    BufferRow{Buffer::ftp_data_command, "ftpdata_command", Protocol::ftp_data, BufferSide::both, 1, false, false},
    BufferRow{Buffer::file_data, "file.data", Protocol::ftp_data, BufferSide::both, 1, false, true},
    BufferRow{Buffer::file_name, "file.name", Protocol::ftp_data, BufferSide::both, 1, false, false},
};

}  // namespace tocsin::collectors
