#include "collectors/packet/decode/checksum.h"

#include <bit>
#include <cstring>

namespace tocsin::collectors {

namespace {

std::uint64_t fold(std::uint64_t sum) noexcept {
  while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
  return sum;
}

// Adds in the machine's byte order: the sum is the same up to a final swap (RFC 1071, section 2).
std::uint64_t raw_sum(Bytes bytes) noexcept {
  std::uint64_t sum = 0;
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 4; at += 4, left -= 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, at, 4);
    sum += word;
  }
  if (left != 0) {
    std::uint32_t word = 0;
    std::memcpy(&word, at, left);
    sum += word;
  }
  return sum;
}

}  // namespace

std::uint16_t checksum_sum(Bytes bytes, std::uint64_t initial) noexcept {
  auto sum = static_cast<std::uint16_t>(fold(raw_sum(bytes)));
  if constexpr (std::endian::native == std::endian::little) sum = static_cast<std::uint16_t>((sum << 8) | (sum >> 8));
  return static_cast<std::uint16_t>(fold(std::uint64_t{sum} + fold(initial)));
}

std::uint64_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                std::size_t length) noexcept {
  return std::uint64_t{checksum_sum(source.bytes())} + checksum_sum(destination.bytes()) + protocol + (length >> 16) +
         (length & 0xFFFF);
}

}  // namespace tocsin::collectors
