#include "collectors/base/frame.h"

#include <cstdint>

#include "collectors/base/assert.h"
#include "collectors/base/bytes.h"

namespace tocsin {

std::string encode_frame(std::string_view body) {
  TOCSIN_ASSERT(body.size() <= UINT32_MAX);
  std::string out;
  out.reserve(frame_header_bytes + body.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((body.size() >> shift) & 0xFFU);
  out += body;
  return out;
}

std::optional<std::size_t> frame_length(std::string_view bytes, std::size_t most) noexcept {
  ByteReader reader(as_bytes(bytes));
  const std::size_t length = reader.u32();
  if (!reader.ok() || length > most) return std::nullopt;
  return length;
}

}  // namespace tocsin
