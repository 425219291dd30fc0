#pragma once
// Headers of SMB1 (MS-CIFS 2.2.3.1), SMB2 and 3 (MS-SMB2 2.2.1) and the encrypted transform (2.2.41), and where the
// bytes of a file are in a WRITE request or a READ response. Pure functions over hostile bytes.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "collectors/base/bytes.h"
#include "collectors/packet/packet.h"

namespace tocsin::collectors {

struct SmbHeader {
  static constexpr std::size_t size1 = 32;
  static constexpr std::size_t size2 = 64;
  std::uint8_t version = 0;  // 1, 2 (also 3); 3: the encrypted transform
  bool response = false;
  bool asynchronous = false;
  bool unicode = true;
  bool dos_error = false;  // SMB1: class and code in `status`, class in the low byte
  std::uint16_t command = 0;
  std::uint32_t status = 0;
  std::uint32_t tree = 0;
  std::uint64_t session = 0;
  std::uint64_t message = 0;
  std::uint32_t next = 0;  // SMB2: where the next command of a compound begins; 0: none
};

// What begins a message: FF, FE or FD and "SMB".
bool is_smb_magic(Bytes bytes) noexcept;
// Nothing when the magic or the sizes are wrong. Needs 32 bytes of SMB1 or of a transform, 64 of SMB2.
std::optional<SmbHeader> parse_smb_header(Bytes bytes) noexcept;

// An open file: 16 bytes of SMB2, or the two bytes of SMB1 with the user's id behind.
struct SmbFileId {
  std::array<std::uint8_t, 16> bytes{};
  bool wide = false;
  auto operator<=>(const SmbFileId&) const = default;
  bool chained() const noexcept;  // all ones: the file of the command before
  std::string render() const;
};
SmbFileId smb1_file_id(std::uint16_t number, std::uint64_t user) noexcept;
SmbFileId smb2_file_id(Bytes bytes) noexcept;

// Bytes of a file that a message carries. Offsets of `place` count from the message's header.
struct SmbPayload {
  std::size_t place = 0;
  std::uint64_t length = 0;
  SmbFileId file;            // of requests
  std::uint64_t offset = 0;  // in the file, of requests
};
// SMB2 WRITE requests and READ responses, SMB1 WRITE_ANDX and READ_ANDX; `bytes` begin at the header, `words` at the
// SMB1 word count of this command. Nothing for all else.
std::optional<SmbPayload> smb_payload(const SmbHeader& header, Bytes bytes) noexcept;
std::optional<SmbPayload> smb1_write_payload(const SmbHeader& header, ByteReader words) noexcept;
std::optional<SmbPayload> smb1_read_payload(ByteReader words) noexcept;
// This much of a message is needed before smb_payload can tell; 0: this message carries none.
std::size_t smb_payload_head(const SmbHeader& header, Direction direction) noexcept;

// A text in UTF-16LE or in bytes, up to its end mark; invalid units become U+FFFD.
std::string smb_text(Bytes bytes, bool unicode);
// The same, read with its end mark; `base` is where alignment of UTF-16 counts from.
std::string smb_take_text(ByteReader& reader, bool unicode, std::size_t base = 0);

}  // namespace tocsin::collectors
