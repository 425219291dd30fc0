#pragma once
// Shapes that several commands of SMB1 share: chains of commands (MS-CIFS 2.2.3.4) and transactions (2.2.4.33).

#include <cstdint>
#include <optional>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct SmbNextCommand {
  std::uint16_t command = 0;
  std::size_t place = 0;  // of its word count, from the header
};
// The next command of a chain: always further on, so that chains end.
std::optional<SmbNextCommand> next_andx(std::uint16_t command, Bytes bytes, std::size_t at) noexcept;

struct SmbTransParts {
  std::vector<std::uint16_t> setup;  // at most 8
  Bytes parameters;
  Bytes data;
};
// Of TRANS and TRANS2; `at` is the place of the word count.
std::optional<SmbTransParts> parse_trans_request(Bytes bytes, std::size_t at);
std::optional<SmbTransParts> parse_trans_response(Bytes bytes, std::size_t at);

}  // namespace tocsin::collectors
