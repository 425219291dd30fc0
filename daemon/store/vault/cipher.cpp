#include "daemon/store/vault/cipher.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>

#include "collectors/base/descriptor.h"
#include "collectors/base/text.h"

namespace tocsin::daemon {
namespace {

constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

}  // namespace

VaultKey::~VaultKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

Result<VaultKey> VaultKey::load(const std::filesystem::path& path) {
  const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno("cannot open the evidence key " + path.string(), errno);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return fail_errno("cannot look at the evidence key " + path.string(), errno);
  if ((info.st_mode & 077) != 0)
    return fail(Code::denied, fmt::format("others may read the evidence key {}; run chmod 600 on it", path.string()));
  std::array<std::uint8_t, 2 * size + 2> bytes{};
  const auto got = ::read(file.get(), bytes.data(), bytes.size());
  std::array<std::uint8_t, size> key{};
  Result<VaultKey> out =
      fail(Code::invalid, fmt::format("the evidence key {} is neither 32 bytes nor 64 hex digits; make "
                                      "one with `openssl rand -out {} 32`",
                                      path.string(), path.string()));
  if (got == static_cast<ssize_t>(size)) {
    std::copy_n(bytes.begin(), size, key.begin());
    out = VaultKey(key);
  } else if (got > 0) {
    auto raw = parse_hex(trim(as_text(Bytes(bytes).first(static_cast<std::size_t>(got)))));
    if (raw && raw->size() == size) {
      std::ranges::copy(*raw, key.begin());
      out = VaultKey(key);
      OPENSSL_cleanse(raw->data(), raw->size());
    }
  }
  OPENSSL_cleanse(bytes.data(), bytes.size());
  OPENSSL_cleanse(key.data(), key.size());
  return out;
}

Result<void> VaultKey::generate(const std::filesystem::path& path) {
  std::array<std::uint8_t, size> key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    return fail(Code::failure, "OpenSSL gives no random bytes; check the kernel's entropy source");
  const OwnedDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) {
    if (errno == EEXIST)
      return fail(Code::conflict, fmt::format("{} exists already; it is not overwritten", path.string()));
    return fail_errno("cannot make the evidence key " + path.string(), errno);
  }
  const bool written =
      ::write(file.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size()) && ::fsync(file.get()) == 0;
  const int cause = errno;
  OPENSSL_cleanse(key.data(), key.size());
  if (!written) {
    ::unlink(path.c_str());
    return fail_errno("cannot write the evidence key " + path.string(), cause);
  }
  return {};
}

Result<std::vector<std::uint8_t>> seal_bytes(const VaultKey& key, Bytes plain, Bytes context) {
  if (plain.size() > INT_MAX || context.size() > INT_MAX)
    return fail(Code::exhausted, "evidence above 2 GiB is not kept");
  std::vector<std::uint8_t> out(nonce_size + plain.size() + tag_size);
  const CipherContext cipher(EVP_CIPHER_CTX_new());
  int written = 0;
  int ended = 0;
  const bool done =
      cipher && RAND_bytes(out.data(), nonce_size) == 1 &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), out.data()) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &written, context.data(), static_cast<int>(context.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), out.data() + nonce_size, &written, plain.data(),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), out.data() + nonce_size + written, &ended) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_size, out.data() + nonce_size + plain.size()) == 1;
  if (!done) return fail(Code::failure, "OpenSSL cannot encrypt with AES-256-GCM; check its configuration");
  return out;
}

Result<std::vector<std::uint8_t>> unseal_bytes(const VaultKey& key, Bytes sealed, Bytes context) {
  const auto damaged = [] {
    return fail(Code::invalid, "the sealed bytes do not open: they were altered, or the key is another one");
  };
  if (sealed.size() < nonce_size + tag_size || sealed.size() > INT_MAX || context.size() > INT_MAX) return damaged();
  const auto body = sealed.subspan(nonce_size, sealed.size() - nonce_size - tag_size);
  std::array<std::uint8_t, tag_size> tag{};
  std::ranges::copy(sealed.last(tag_size), tag.begin());
  std::vector<std::uint8_t> out(body.size() + 1);  // never empty: OpenSSL wants a place
  const CipherContext cipher(EVP_CIPHER_CTX_new());
  int written = 0;
  int ended = 0;
  const bool opened =
      cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), sealed.data()) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &written, context.data(), static_cast<int>(context.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), out.data(), &written, body.data(), static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), out.data() + written, &ended) == 1;
  if (!opened) {
    OPENSSL_cleanse(out.data(), out.size());
    return damaged();
  }
  out.resize(body.size());
  return out;
}

}  // namespace tocsin::daemon
