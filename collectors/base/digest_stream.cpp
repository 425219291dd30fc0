#include "collectors/base/digest_stream.h"

#include <openssl/evp.h>

#include <array>

#include "collectors/base/assert.h"
#include "collectors/base/text.h"

namespace tocsin {

struct DigestStream::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  explicit State(const EVP_MD* method) {
    TOCSIN_ASSERT(context != nullptr && EVP_DigestInit_ex(context, method, nullptr) == 1);
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

DigestStream::DigestStream(DigestKind kind)
    : state_(std::make_unique<State>(kind == DigestKind::md5    ? EVP_md5()
                                     : kind == DigestKind::sha1 ? EVP_sha1()
                                                                : EVP_sha256())) {}
DigestStream::~DigestStream() = default;
DigestStream::DigestStream(DigestStream&&) noexcept = default;
DigestStream& DigestStream::operator=(DigestStream&&) noexcept = default;

void DigestStream::update(Bytes bytes) {
  TOCSIN_ASSERT(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string DigestStream::finish() {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  TOCSIN_ASSERT(EVP_DigestFinal_ex(state_->context, out.data(), &size) == 1);
  return to_hex(out.data(), size);
}

}  // namespace tocsin
