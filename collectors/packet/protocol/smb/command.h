#pragma once
// Numbers and names of SMB: commands (MS-CIFS 2.2.2.1, MS-SMB2 2.2.1), statuses (MS-ERREF 2.3), dialects, control codes
// (MS-FSCC 2.3). Spelling follows Suricata's records.

#include <cstdint>
#include <string>

namespace tocsin::collectors {

namespace smb1_command {
inline constexpr std::uint16_t close = 0x04, rename = 0x07, write = 0x0b, locking_andx = 0x24, trans = 0x25,
                               write_and_close = 0x2c, open_andx = 0x2d, read_andx = 0x2e, write_andx = 0x2f,
                               trans2 = 0x32, trans2_secondary = 0x33, tree_disconnect = 0x71, negotiate = 0x72,
                               session_setup = 0x73, logoff_andx = 0x74, tree_connect = 0x75, nt_create = 0xa2,
                               nt_cancel = 0xa4, none = 0xff;
}
namespace smb2_command {
inline constexpr std::uint16_t negotiate = 0, session_setup = 1, logoff = 2, tree_connect = 3, tree_disconnect = 4,
                               create = 5, close = 6, flush = 7, read = 8, write = 9, lock = 10, control = 11,
                               cancel = 12, keep_alive = 13, find = 14, change_notify = 15, get_info = 16,
                               set_info = 17, oplock_break = 18;
}
namespace smb_status {
inline constexpr std::uint32_t success = 0, pending = 0x103, buffer_overflow = 0x80000005, end_of_file = 0xc0000011,
                               more_processing = 0xc0000016;
}
inline constexpr std::uint32_t smb_pipe_transceive = 0x0011c017;

std::string smb1_command_name(std::uint16_t command);
std::string smb2_command_name(std::uint16_t command);
std::string smb_status_name(std::uint32_t status);  // the number when it has no name
std::string smb_dos_error_name(std::uint8_t error_class, std::uint16_t code);
std::string smb2_dialect_name(std::uint16_t dialect);
std::string smb_control_name(std::uint32_t function);

}  // namespace tocsin::collectors
