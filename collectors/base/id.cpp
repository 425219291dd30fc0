#include "collectors/base/id.h"

#include <sys/random.h>

#include "collectors/base/assert.h"
#include "collectors/base/text.h"

namespace tocsin {

std::string render_uuid(const Uuid& uuid) {
  const std::string hex = to_hex(uuid.bytes.data(), uuid.bytes.size());
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < hex.size(); ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) out += '-';
    out += hex[i];
  }
  return out;
}

std::optional<Uuid> parse_uuid(std::string_view text) noexcept {
  if (text.size() != 36) return std::nullopt;
  std::string hex;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) hex += text[i];
  }
  const auto raw = parse_hex(hex);
  if (!raw) return std::nullopt;
  Uuid uuid;
  std::copy(raw->begin(), raw->end(), uuid.bytes.begin());
  return uuid;
}

std::uint64_t SystemRandom::next() {
  std::uint64_t value = 0;
  TOCSIN_ASSERT(::getrandom(&value, sizeof value, 0) == sizeof value);
  return value;
}

std::uint64_t SeededRandom::next() {
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

Uuid make_uuid7(Time time, Random& random) {
  using namespace std::chrono;
  const auto ms = static_cast<std::uint64_t>(duration_cast<milliseconds>(time.time_since_epoch()).count());
  const std::uint64_t a = random.next();
  const std::uint64_t b = random.next();
  Uuid uuid;
  for (std::size_t i = 0; i < 6; ++i) uuid.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  uuid.bytes[6] = static_cast<std::uint8_t>(0x70 | ((a >> 8) & 0x0F));
  uuid.bytes[7] = static_cast<std::uint8_t>(a);
  for (std::size_t i = 0; i < 8; ++i) uuid.bytes[8 + i] = static_cast<std::uint8_t>(b >> (56 - 8 * i));
  uuid.bytes[8] = static_cast<std::uint8_t>(0x80 | (uuid.bytes[8] & 0x3F));
  return uuid;
}

}  // namespace tocsin
