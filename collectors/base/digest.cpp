#include "collectors/base/digest.h"

#include <openssl/evp.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fmt/format.h>

#include "collectors/base/assert.h"
#include "collectors/base/text.h"

namespace tocsin {
namespace {

template <class Array>
Array evp_digest(Bytes bytes, const EVP_MD* kind) {
  Array out{};
  unsigned size = 0;
  TOCSIN_ASSERT(EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, kind, nullptr) == 1 && size == out.size());
  return out;
}

}  // namespace

Sha256 sha256(Bytes bytes) { return evp_digest<Sha256>(bytes, EVP_sha256()); }
Sha1 sha1(Bytes bytes) { return evp_digest<Sha1>(bytes, EVP_sha1()); }
Md5 md5(Bytes bytes) { return evp_digest<Md5>(bytes, EVP_md5()); }

struct Sha256Stream::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { TOCSIN_ASSERT(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {}
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::update(Bytes bytes) {
  TOCSIN_ASSERT(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Stream::finish() {
  Sha256 out{};
  TOCSIN_ASSERT(EVP_DigestFinal_ex(state_->context, out.data(), nullptr) == 1);
  return out;
}

std::uint64_t hash64(Bytes bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Digest128 hash128(Bytes bytes, std::uint64_t seed) noexcept {
  const auto h = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {h.high64, h.low64};
}

std::string render_digest(const Digest128& digest) { return fmt::format("{:016x}{:016x}", digest.high, digest.low); }

std::optional<Digest128> parse_digest128(std::string_view text) noexcept {
  if (text.size() != 32) return std::nullopt;
  const auto raw = parse_hex(text);
  if (!raw) return std::nullopt;
  ByteReader reader{*raw};
  const auto high = reader.u64();
  return Digest128{high, reader.u64()};
}

template <std::size_t N>
std::string render_digest(const std::array<std::uint8_t, N>& digest) {
  return to_hex(digest.data(), N);
}
template std::string render_digest(const Sha256&);
template std::string render_digest(const Sha1&);
template std::string render_digest(const Md5&);

}  // namespace tocsin
