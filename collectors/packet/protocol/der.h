#pragma once
// One item after the other of DER or BER with definite lengths (X.690): what Kerberos, LDAP, SNMP and SPNEGO are
// written in. Never allocates; nesting is the caller's.

#include <cstdint>
#include <optional>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct DerItem {
  std::uint8_t tag = 0;  // class, constructed bit and number; numbers above 30 are not used by these protocols
  Bytes content;
};

// The size of the item at the front with its tag and length; nothing when they are not whole or not definite.
struct DerSize {
  std::size_t header = 0;
  std::size_t content = 0;
};
inline std::optional<DerSize> der_size(Bytes bytes) noexcept {
  if (bytes.size() < 2 || (bytes[0] & 0x1FU) == 0x1FU) return std::nullopt;
  if (bytes[1] < 0x80) return DerSize{2, bytes[1]};
  const std::size_t count = bytes[1] & 0x7FU;
  if (count == 0 || count > 4 || bytes.size() < 2 + count) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 0; i < count; ++i) length = (length << 8) | bytes[2 + i];
  return DerSize{2 + count, length};
}

inline std::optional<DerItem> next_der(ByteReader& reader) noexcept {
  const auto size = der_size(reader.rest());
  if (!size || size->content > reader.remaining() - size->header) return std::nullopt;
  const std::uint8_t tag = reader.u8();
  reader.skip(size->header - 1);
  return DerItem{tag, reader.take(size->content)};
}

// The content of the next item when it has this tag.
inline std::optional<Bytes> take_der(ByteReader& reader, std::uint8_t tag) noexcept {
  const Bytes rest = reader.rest();
  if (rest.empty() || rest[0] != tag) return std::nullopt;
  const auto item = next_der(reader);
  if (!item) return std::nullopt;
  return item->content;
}

// The value of an INTEGER or ENUMERATED, up to eight bytes.
inline std::optional<std::int64_t> der_integer(Bytes content) noexcept {
  if (content.empty() || content.size() > 8) return std::nullopt;
  std::uint64_t value = (content[0] & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
  for (const auto byte : content) value = (value << 8) | byte;
  return static_cast<std::int64_t>(value);
}

}  // namespace tocsin::collectors
