#include "collectors/base/digest.h"

#include <openssl/evp.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fmt/format.h>

#include "collectors/base/assert.h"
#include "collectors/base/text.h"

namespace tocsin {
namespace {

// Looked up once: the library takes locks and walks its providers each time a method is named.
const EVP_MD* method(DigestKind kind) {
  static const std::array<const EVP_MD*, 3> methods{EVP_MD_fetch(nullptr, "MD5", nullptr),
                                                    EVP_MD_fetch(nullptr, "SHA1", nullptr),
                                                    EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  const EVP_MD* const found = methods[static_cast<std::size_t>(kind)];
  TOCSIN_ASSERT(found != nullptr);
  return found;
}

template <class Array>
Array digest_of(Bytes bytes, DigestKind kind) {
  Array out{};
  unsigned size = 0;
  TOCSIN_ASSERT(EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, method(kind), nullptr) == 1 &&
                size == out.size());
  return out;
}

}  // namespace

Sha256 sha256(Bytes bytes) { return digest_of<Sha256>(bytes, DigestKind::sha256); }
Sha1 sha1(Bytes bytes) { return digest_of<Sha1>(bytes, DigestKind::sha1); }
Md5 md5(Bytes bytes) { return digest_of<Md5>(bytes, DigestKind::md5); }

struct DigestStream::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  explicit State(const EVP_MD* method) {
    TOCSIN_ASSERT(context != nullptr && EVP_DigestInit_ex(context, method, nullptr) == 1);
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

DigestStream::DigestStream(DigestKind kind) : state_(std::make_unique<State>(method(kind))) {}
DigestStream::~DigestStream() = default;
DigestStream::DigestStream(DigestStream&&) noexcept = default;
DigestStream& DigestStream::operator=(DigestStream&&) noexcept = default;

void DigestStream::update(Bytes bytes) {
  TOCSIN_ASSERT(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

void DigestStream::finish_into(std::span<std::uint8_t> out) {
  TOCSIN_ASSERT(out.size() == static_cast<std::size_t>(EVP_MD_CTX_get_size(state_->context)));
  TOCSIN_ASSERT(EVP_DigestFinal_ex(state_->context, out.data(), nullptr) == 1);
}

std::string DigestStream::finish() {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> out{};
  const auto size = static_cast<std::size_t>(EVP_MD_CTX_get_size(state_->context));
  finish_into(std::span(out).first(size));
  return to_hex(out.data(), size);
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
