#include "responders/playbook/signature/key.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <climits>

#include "collectors/base/base64.h"
#include "collectors/base/digest.h"
#include "responders/playbook/signature/algorithm.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t pem_bytes_most = 64U << 10U;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

Result<Bio> bio_of(std::string_view text) {
  if (text.size() > pem_bytes_most) return fail(Code::exhausted, "the key is larger than 64 KiB");
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

EVP_PKEY* as_key(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }
X509* as_certificate(const std::shared_ptr<void>& certificate) { return static_cast<X509*>(certificate.get()); }
std::shared_ptr<void> own(EVP_PKEY* key) {
  return {key, [](EVP_PKEY* k) { EVP_PKEY_free(k); }};
}
std::shared_ptr<void> own(X509* certificate) {
  return {certificate, [](X509* c) { X509_free(c); }};
}

template <class Thing>
std::string der_of(Thing* thing, int (*encode)(const Thing*, unsigned char**)) {
  unsigned char* bytes = nullptr;
  const int size = encode(thing, &bytes);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

std::optional<std::string> base64_without_space(std::string_view text) {
  std::string dense;
  std::copy_if(text.begin(), text.end(), std::back_inserter(dense),
               [](char c) { return c != '\n' && c != '\r' && c != ' ' && c != '\t'; });
  if (dense.size() > pem_bytes_most) return std::nullopt;
  return parse_base64(dense);
}

// A passphrase is never asked for.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::string to_base64url(std::string_view bytes) {
  std::string out = to_base64(bytes);
  while (out.ends_with('=')) out.pop_back();
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

std::optional<std::string> parse_base64url(std::string_view text) {
  if (text.find_first_of("+/") != std::string_view::npos) return std::nullopt;
  std::string out(text);
  std::replace(out.begin(), out.end(), '-', '+');
  std::replace(out.begin(), out.end(), '_', '/');
  while (out.size() % 4 != 0) out += '=';
  return parse_base64(out);
}

Result<std::string> hash_hex(std::string_view hash_algorithm, std::string_view text) {
  const EVP_MD* const kind = hash_algorithm == "sha-256"   ? EVP_sha256()
                             : hash_algorithm == "sha-384" ? EVP_sha384()
                             : hash_algorithm == "sha-512" ? EVP_sha512()
                                                           : nullptr;
  if (kind == nullptr)
    return fail(Code::invalid, fmt::format("the hash algorithm \"{}\" is not sha-256, sha-384 or sha-512",
                                           hash_algorithm.substr(0, 40)));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, kind, nullptr) != 1)
    return fail(Code::failure, "OpenSSL cannot hash");
  std::string out;
  for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

Result<void> PublicKey::adopt(std::shared_ptr<void> key) {
  if (!key) return fail(Code::invalid, "this is no public key that OpenSSL can read");
  key_ = std::move(key);
  der_ = der_of(as_key(key_), i2d_PUBKEY);
  if (der_.empty()) return fail(Code::invalid, "this is no public key that OpenSSL can write");
  return {};
}

Result<PublicKey> PublicKey::of_certificate(std::shared_ptr<void> certificate) {
  if (!certificate) return fail(Code::invalid, "this is no X.509 certificate");
  PublicKey out;
  out.certificate_ = std::move(certificate);
  out.certificate_der_ = der_of(as_certificate(out.certificate_), i2d_X509);
  TOCSIN_CHECK(out.adopt(own(X509_get_pubkey(as_certificate(out.certificate_)))));
  return out;
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  TOCSIN_TRY(const Bio bio, bio_of(pem));
  if (pem.find("-----BEGIN CERTIFICATE-----") != std::string_view::npos)
    return of_certificate(own(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)));
  PublicKey out;
  TOCSIN_CHECK(out.adopt(own(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr))));
  return out;
}

Result<PublicKey> PublicKey::from_key_base64(std::string_view text) {
  const auto der = base64_without_space(text);
  if (!der || der->empty()) return fail(Code::invalid, "\"public_key\" is not Base64");
  const auto* at = reinterpret_cast<const unsigned char*>(der->data());
  PublicKey out;
  TOCSIN_CHECK(out.adopt(own(d2i_PUBKEY(nullptr, &at, static_cast<long>(der->size())))));
  if (out.der_ != *der) return fail(Code::invalid, "\"public_key\" is followed by other bytes");
  return out;
}

Result<PublicKey> PublicKey::from_certificate_base64(std::string_view text) {
  const auto der = base64_without_space(text);
  if (!der || der->empty()) return fail(Code::invalid, "a certificate of \"public_cert_chain\" is not Base64");
  const auto* at = reinterpret_cast<const unsigned char*>(der->data());
  return of_certificate(own(d2i_X509(nullptr, &at, static_cast<long>(der->size()))));
}

bool PublicKey::has_thumbprint(std::string_view thumbprint) const {
  const auto named = [&](const std::string& der) {
    if (der.empty()) return false;
    const Sha256 digest = sha256(as_bytes(der));
    return thumbprint == to_base64url(as_text(Bytes(digest)));
  };
  return named(certificate_der_) || named(der_);
}

std::string PublicKey::fingerprint() const { return render_digest(sha256(as_bytes(der_))); }
std::string PublicKey::base64() const { return to_base64(der_); }

Result<SignatureAlgorithm> PublicKey::algorithm() const { return usual_algorithm(as_key(key_)); }

Result<void> PublicKey::check_certificate(Time now) const {
  if (!certificate_) return {};
  std::time_t at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (X509_cmp_time(X509_get0_notBefore(as_certificate(certificate_)), &at) > 0)
    return fail(Code::denied, "the certificate is not valid yet");
  if (X509_cmp_time(X509_get0_notAfter(as_certificate(certificate_)), &at) < 0)
    return fail(Code::denied, "the certificate has expired");
  return {};
}

Result<void> PublicKey::verify(SignatureAlgorithm algorithm, std::string_view text, std::string_view signature) const {
  return verify_with(as_key(key_), algorithm, text, signature);
}

Result<void> check_chain(const std::vector<PublicKey>& chain, const std::vector<PublicKey>& roots, Time now) {
  const std::unique_ptr<X509_STORE, void (*)(X509_STORE*)> store(X509_STORE_new(), X509_STORE_free);
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> between(sk_X509_new_null(),
                                                                           [](STACK_OF(X509) * s) { sk_X509_free(s); });
  const std::unique_ptr<X509_STORE_CTX, void (*)(X509_STORE_CTX*)> context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
  if (!store || !between || !context || chain.empty()) return fail(Code::failure, "no chain to check");
  for (const PublicKey& root : roots)
    if (root.is_certificate()) X509_STORE_add_cert(store.get(), as_certificate(root.certificate_));
  for (std::size_t i = 1; i < chain.size(); ++i) sk_X509_push(between.get(), as_certificate(chain[i].certificate_));
  if (X509_STORE_CTX_init(context.get(), store.get(), as_certificate(chain.front().certificate_), between.get()) != 1)
    return fail(Code::failure, "OpenSSL cannot check the chain");
  X509_STORE_CTX_set_time(context.get(), 0,
                          std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  // A root of the store is trusted although it is not self-signed.
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_verify_cert(context.get()) == 1) return {};
  return fail(Code::denied, fmt::format("the certificate chain leads to no trusted one: {}",
                                        X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()))));
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  TOCSIN_TRY(const Bio bio, bio_of(pem));
  PrivateKey out;
  auto key = own(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) return fail(Code::invalid, "this is no private key in PEM without a passphrase");
  TOCSIN_CHECK(out.public_.adopt(std::move(key)));
  return out;
}

Result<std::string> PrivateKey::sign(SignatureAlgorithm algorithm, std::string_view text) const {
  return sign_with(as_key(public_.key_), algorithm, text);
}

}  // namespace tocsin::responders
