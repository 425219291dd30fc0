#include "collectors/packet/protocol/smb/command.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace tocsin::collectors {

namespace {

template <class Number>
struct Name {
  Number number;
  std::string_view name;
};

template <class Table, class Number>
std::string_view find(const Table& table, Number number) noexcept {
  const auto found = std::ranges::lower_bound(table, number, {}, [](const auto& row) { return row.number; });
  return found != table.end() && found->number == number ? found->name : std::string_view{};
}

using Command = Name<std::uint16_t>;
constexpr auto commands1 = std::to_array<Command>({
    {0x00, "CREATE_DIRECTORY"},
    {0x01, "DELETE_DIRECTORY"},
    {0x02, "OPEN"},
    {0x03, "CREATE"},
    {0x04, "CLOSE"},
    {0x05, "FLUSH"},
    {0x06, "DELETE"},
    {0x07, "RENAME"},
    {0x08, "QUERY_INFORMATION"},
    {0x09, "SET_INFORMATION"},
    {0x0a, "READ"},
    {0x0b, "WRITE"},
    {0x0c, "LOCK_BYTE_RANGE"},
    {0x0d, "UNLOCK_BYTE_RANGE"},
    {0x0e, "CREATE_TEMPORARY"},
    {0x0f, "CREATE_NEW"},
    {0x10, "CHECK_DIRECTORY"},
    {0x11, "PROCESS_EXIT"},
    {0x12, "SEEK"},
    {0x13, "LOCK_AND_READ"},
    {0x14, "WRITE_AND_UNLOCK"},
    {0x24, "LOCKING_ANDX"},
    {0x25, "TRANS"},
    {0x2b, "ECHO"},
    {0x2c, "WRITE_AND_CLOSE"},
    {0x2d, "OPEN_ANDX"},
    {0x2e, "READ_ANDX"},
    {0x2f, "WRITE_ANDX"},
    {0x32, "TRANS2"},
    {0x33, "TRANS2_SECONDARY"},
    {0x34, "FIND_CLOSE2"},
    {0x71, "TREE_DISCONNECT"},
    {0x72, "NEGOTIATE_PROTOCOL"},
    {0x73, "SESSION_SETUP_ANDX"},
    {0x74, "LOGOFF_ANDX"},
    {0x75, "TREE_CONNECT_ANDX"},
    {0x80, "QUERY_INFO_DISK"},
    {0xa0, "NT_TRANS"},
    {0xa1, "NT_TRANS_SECONDARY"},
    {0xa2, "NT_CREATE_ANDX"},
    {0xa4, "NT_CANCEL"},
});
constexpr auto commands2 = std::to_array<Command>({
    {0, "NEGOTIATE_PROTOCOL"},
    {1, "SESSION_SETUP"},
    {2, "SESSION_LOGOFF"},
    {3, "TREE_CONNECT"},
    {4, "TREE_DISCONNECT"},
    {5, "CREATE"},
    {6, "CLOSE"},
    {7, "FLUSH"},
    {8, "READ"},
    {9, "WRITE"},
    {10, "LOCK"},
    {11, "IOCTL"},
    {12, "CANCEL"},
    {13, "KEEPALIVE"},
    {14, "FIND"},
    {15, "CHANGE_NOTIFY"},
    {16, "GET_INFO"},
    {17, "SET_INFO"},
    {18, "OPLOCK_BREAK"},
});

constexpr auto statuses = std::to_array<Name<std::uint32_t>>({
    {0x00000000, "SUCCESS"},
    {0x00000102, "TIMEOUT"},
    {0x00000103, "PENDING"},
    {0x00000104, "REPARSE"},
    {0x00000105, "MORE_ENTRIES"},
    {0x0000010b, "NOTIFY_CLEANUP"},
    {0x0000010c, "NOTIFY_ENUM_DIR"},
    {0x80000005, "BUFFER_OVERFLOW"},
    {0x80000006, "NO_MORE_FILES"},
    {0x80000011, "DEVICE_BUSY"},
    {0x8000001a, "NO_MORE_ENTRIES"},
    {0x8000002d, "STOPPED_ON_SYMLINK"},
    {0xc0000001, "UNSUCCESSFUL"},
    {0xc0000002, "NOT_IMPLEMENTED"},
    {0xc0000003, "INVALID_INFO_CLASS"},
    {0xc0000004, "INFO_LENGTH_MISMATCH"},
    {0xc0000008, "INVALID_HANDLE"},
    {0xc000000d, "INVALID_PARAMETER"},
    {0xc000000e, "NO_SUCH_DEVICE"},
    {0xc000000f, "NO_SUCH_FILE"},
    {0xc0000010, "INVALID_DEVICE_REQUEST"},
    {0xc0000011, "END_OF_FILE"},
    {0xc0000013, "NO_MEDIA_IN_DEVICE"},
    {0xc0000016, "MORE_PROCESSING_REQUIRED"},
    {0xc0000017, "NO_MEMORY"},
    {0xc0000022, "ACCESS_DENIED"},
    {0xc0000023, "BUFFER_TOO_SMALL"},
    {0xc0000033, "OBJECT_NAME_INVALID"},
    {0xc0000034, "OBJECT_NAME_NOT_FOUND"},
    {0xc0000035, "OBJECT_NAME_COLLISION"},
    {0xc0000037, "PORT_DISCONNECTED"},
    {0xc0000039, "OBJECT_PATH_INVALID"},
    {0xc000003a, "OBJECT_PATH_NOT_FOUND"},
    {0xc000003b, "OBJECT_PATH_SYNTAX_BAD"},
    {0xc0000043, "SHARING_VIOLATION"},
    {0xc000004f, "EAS_NOT_SUPPORTED"},
    {0xc0000054, "FILE_LOCK_CONFLICT"},
    {0xc0000055, "LOCK_NOT_GRANTED"},
    {0xc0000056, "DELETE_PENDING"},
    {0xc0000061, "PRIVILEGE_NOT_HELD"},
    {0xc0000064, "NO_SUCH_USER"},
    {0xc000006a, "WRONG_PASSWORD"},
    {0xc000006d, "LOGON_FAILURE"},
    {0xc000006e, "ACCOUNT_RESTRICTION"},
    {0xc000006f, "INVALID_LOGON_HOURS"},
    {0xc0000070, "INVALID_WORKSTATION"},
    {0xc0000071, "PASSWORD_EXPIRED"},
    {0xc0000072, "ACCOUNT_DISABLED"},
    {0xc000007e, "RANGE_NOT_LOCKED"},
    {0xc000007f, "DISK_FULL"},
    {0xc000009a, "INSUFFICIENT_RESOURCES"},
    {0xc00000a2, "MEDIA_WRITE_PROTECTED"},
    {0xc00000ac, "PIPE_NOT_AVAILABLE"},
    {0xc00000ad, "INVALID_PIPE_STATE"},
    {0xc00000ae, "PIPE_BUSY"},
    {0xc00000b0, "PIPE_DISCONNECTED"},
    {0xc00000b1, "PIPE_CLOSING"},
    {0xc00000b4, "INVALID_READ_MODE"},
    {0xc00000b5, "IO_TIMEOUT"},
    {0xc00000ba, "FILE_IS_A_DIRECTORY"},
    {0xc00000bb, "NOT_SUPPORTED"},
    {0xc00000c9, "NETWORK_NAME_DELETED"},
    {0xc00000ca, "NETWORK_ACCESS_DENIED"},
    {0xc00000cb, "BAD_DEVICE_TYPE"},
    {0xc00000cc, "BAD_NETWORK_NAME"},
    {0xc00000d0, "REQUEST_NOT_ACCEPTED"},
    {0xc0000101, "DIRECTORY_NOT_EMPTY"},
    {0xc0000103, "NOT_A_DIRECTORY"},
    {0xc0000106, "NAME_TOO_LONG"},
    {0xc000011b, "SERVER_NOT_DISABLED"},
    {0xc0000120, "CANCELLED"},
    {0xc0000121, "CANNOT_DELETE"},
    {0xc0000128, "FILE_CLOSED"},
    {0xc000014b, "PIPE_BROKEN"},
    {0xc000015b, "LOGON_TYPE_NOT_GRANTED"},
    {0xc0000185, "IO_DEVICE_ERROR"},
    {0xc0000193, "ACCOUNT_EXPIRED"},
    {0xc000019c, "FS_DRIVER_REQUIRED"},
    {0xc0000203, "USER_SESSION_DELETED"},
    {0xc0000205, "INSUFF_SERVER_RESOURCES"},
    {0xc000020c, "CONNECTION_DISCONNECTED"},
    {0xc000020d, "CONNECTION_RESET"},
    {0xc0000224, "PASSWORD_MUST_CHANGE"},
    {0xc0000225, "NOT_FOUND"},
    {0xc0000234, "ACCOUNT_LOCKED_OUT"},
    {0xc0000257, "PATH_NOT_COVERED"},
    {0xc000035c, "NETWORK_SESSION_EXPIRED"},
    {0xc0000388, "DOWNGRADE_DETECTED"},
    {0xc0000467, "FILE_NOT_AVAILABLE"},
    {0xc0000480, "SHARE_UNAVAILABLE"},
});

// MS-CIFS 2.2.2.4: class 1 is of DOS, class 2 of the server.
constexpr auto dos_errors = std::to_array<Name<std::uint16_t>>({
    {1, "DOS_BADFUNC"},       {2, "DOS_BADFILE"},        {3, "DOS_BADPATH"},    {4, "DOS_NOFIDS"},
    {5, "DOS_NOACCESS"},      {6, "DOS_BADFID"},         {8, "DOS_NOMEM"},      {12, "DOS_BADACCESS"},
    {13, "DOS_BADDATA"},      {15, "DOS_BADDRIVE"},      {16, "DOS_REMCD"},     {18, "DOS_NOFILES"},
    {32, "DOS_BADSHARE"},     {33, "DOS_LOCK"},          {38, "DOS_EOF"},       {50, "DOS_UNSUP"},
    {80, "DOS_FILEEXISTS"},   {87, "DOS_INVALIDPARAM"},  {230, "DOS_BADPIPE"},  {231, "DOS_PIPEBUSY"},
    {232, "DOS_PIPECLOSING"}, {233, "DOS_NOTCONNECTED"}, {234, "DOS_MOREDATA"},
});
constexpr auto server_errors = std::to_array<Name<std::uint16_t>>({
    {1, "SRV_ERROR"},
    {2, "SRV_BADPW"},
    {3, "SRV_BADPATH"},
    {4, "SRV_ACCESS"},
    {5, "SRV_BADTID"},
    {6, "SRV_BADNETNAME"},
    {7, "SRV_BADDEVICE"},
    {22, "SRV_BADSMB"},
    {49, "SRV_QFULL"},
    {64, "SRV_SMBCMD"},
    {65, "SRV_INTERNAL"},
    {67, "SRV_BADPERM"},
    {88, "SRV_TIMEOUT"},
    {89, "SRV_NORESOURCE"},
    {90, "SRV_TOOMANYUIDS"},
    {91, "SRV_BADUID"},
    {2239, "SRV_ACCOUNT_EXPIRED"},
});

constexpr auto controls = std::to_array<Name<std::uint32_t>>({
    {0x00060194, "FSCTL_DFS_GET_REFERRALS"},
    {0x000601b0, "FSCTL_DFS_GET_REFERRALS_EX"},
    {0x00090000, "FSCTL_REQUEST_OPLOCK_LEVEL_1"},
    {0x00090028, "FSCTL_IS_PATHNAME_VALID"},
    {0x00090060, "FSCTL_FILESYSTEM_GET_STATISTICS"},
    {0x00090064, "FSCTL_GET_NTFS_VOLUME_DATA"},
    {0x00090073, "FSCTL_GET_RETRIEVAL_POINTERS"},
    {0x0009009c, "FSCTL_GET_OBJECT_ID"},
    {0x000900a4, "FSCTL_SET_REPARSE_POINT"},
    {0x000900a8, "FSCTL_GET_REPARSE_POINT"},
    {0x000900c4, "FSCTL_SET_SPARSE"},
    {0x0011400c, "FSCTL_PIPE_PEEK"},
    {0x00110018, "FSCTL_PIPE_WAIT"},
    {0x0011c017, "FSCTL_PIPE_TRANSCEIVE"},
    {0x001401fc, "FSCTL_QUERY_NETWORK_INTERFACE_INFO"},
    {0x00140078, "FSCTL_SRV_REQUEST_RESUME_KEY"},
    {0x001400d4, "FSCTL_LMR_REQUEST_RESILIENCY"},
    {0x001401d4, "FSCTL_LMR_REQUEST_RESILIENCY"},
    {0x00140204, "FSCTL_VALIDATE_NEGOTIATE_INFO"},
    {0x00144064, "FSCTL_SRV_ENUMERATE_SNAPSHOTS"},
    {0x001440f2, "FSCTL_SRV_COPYCHUNK"},
    {0x001441bb, "FSCTL_SRV_READ_HASH"},
    {0x001480f2, "FSCTL_SRV_COPYCHUNK_WRITE"},
});

}  // namespace

std::string smb1_command_name(std::uint16_t command) {
  const auto name = find(commands1, command);
  return name.empty() ? std::to_string(command) : "SMB1_COMMAND_" + std::string(name);
}

std::string smb2_command_name(std::uint16_t command) {
  const auto name = find(commands2, command);
  return name.empty() ? std::to_string(command) : "SMB2_COMMAND_" + std::string(name);
}

std::string smb_status_name(std::uint32_t status) {
  const auto name = find(statuses, status);
  return name.empty() ? std::to_string(status) : "STATUS_" + std::string(name);
}

std::string smb_dos_error_name(std::uint8_t error_class, std::uint16_t code) {
  const auto name = error_class == 1   ? find(dos_errors, code)
                    : error_class == 2 ? find(server_errors, code)
                                       : std::string_view{};
  if (!name.empty()) return std::string(name);
  return fmt::format("UNKNOWN_{:02x}_{:04x}", error_class, code);
}

std::string smb2_dialect_name(std::uint16_t dialect) {
  static constexpr auto names = std::to_array<Name<std::uint16_t>>({{0x0202, "2.02"},
                                                                    {0x0210, "2.10"},
                                                                    {0x0222, "2.22"},
                                                                    {0x0224, "2.24"},
                                                                    {0x02ff, "2.??"},
                                                                    {0x0300, "3.00"},
                                                                    {0x0302, "3.02"},
                                                                    {0x0310, "3.10"},
                                                                    {0x0311, "3.11"}});
  const auto name = find(names, dialect);
  return name.empty() ? std::to_string(dialect) : std::string(name);
}

std::string smb_control_name(std::uint32_t function) {
  for (const auto& row : controls)
    if (row.number == function) return std::string(row.name);
  return fmt::format("UNKNOWN_{:x}", function);
}

}  // namespace tocsin::collectors
