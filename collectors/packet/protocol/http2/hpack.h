#pragma once
// HPACK, header compression of HTTP/2: RFC 7541. One decoder per direction of a connection.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct Http2Field {
  std::string name, value;
  std::optional<std::uint64_t> table_size;  // instead of a field: the table's new size
};

enum class HpackFault : std::uint8_t { none, malformed, integer_overflow, too_much };

class HpackDecoder {
 public:
  explicit HpackDecoder(std::size_t table_most) : table_most_(table_most) {}

  // Appends the fields of one whole header block; at most `bytes_most` of them decoded.
  HpackFault decode(Bytes block, std::size_t bytes_most, std::vector<Http2Field>& out);
  // The peer's setting.
  void limit(std::size_t size);

 private:
  struct Entry {
    std::string name, value;
    std::size_t size() const noexcept { return name.size() + value.size() + 32; }
  };
  bool lookup(std::uint64_t index, Http2Field& out) const;
  HpackFault literal(ByteReader& reader, unsigned prefix, bool store, Http2Field& out);
  void store(const Http2Field& field);
  void evict();

  const std::size_t table_most_;
  std::size_t size_most_ = 4'096;
  std::size_t size_ = 0;
  std::deque<Entry> table_;  // the newest first
};

// RFC 7541 section 5.2 and appendix B. Nothing: not padded as it must be, or the end mark inside.
std::optional<std::string> decode_huffman(Bytes bytes);

}  // namespace tocsin::collectors
