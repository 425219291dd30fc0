#include "rules/sigma/correlate/key.h"

#include <cstdint>

namespace tocsin::rules::sigma {

// Seven bits of the length a byte, the lowest first; the highest bit says that more follow.
void append_to_key(std::string& key, std::string_view value) {
  auto length = value.size();
  for (; length >= 0x80; length >>= 7) key += static_cast<char>(0x80 | (length & 0x7F));
  key += static_cast<char>(length);
  key += value;
}

std::vector<std::string> values_of_key(std::string_view key) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < key.size()) {
    std::uint64_t length = 0;
    unsigned shift = 0;
    bool more = true;
    while (more && at < key.size() && shift < 63) {
      const auto byte = static_cast<unsigned char>(key[at++]);
      length |= std::uint64_t{byte & 0x7FU} << shift;
      shift += 7;
      more = (byte & 0x80U) != 0;
    }
    if (more || length > key.size() - at) break;
    out.emplace_back(key.substr(at, length));
    at += length;
  }
  return out;
}

}  // namespace tocsin::rules::sigma
