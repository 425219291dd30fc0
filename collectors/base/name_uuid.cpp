#include "collectors/base/name_uuid.h"

#include <algorithm>
#include <string>

#include "collectors/base/digest.h"

namespace tocsin {

Uuid make_uuid5(const Uuid& space, std::string_view name) {
  std::string text(space.bytes.begin(), space.bytes.end());
  text += name;
  const Sha1 digest = sha1(as_bytes(text));
  Uuid out;
  std::copy_n(digest.begin(), out.bytes.size(), out.bytes.begin());
  out.bytes[6] = static_cast<std::uint8_t>(0x50 | (out.bytes[6] & 0x0F));
  out.bytes[8] = static_cast<std::uint8_t>(0x80 | (out.bytes[8] & 0x3F));
  return out;
}

}  // namespace tocsin
