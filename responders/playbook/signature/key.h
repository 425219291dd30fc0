#pragma once
// Keys of playbook signatures, over OpenSSL: RSA (RS, PS), ECDSA (ES, as R and S side by side, RFC 7518 section 3.4)
// and Edwards curves (RFC 8037). Immutable and shared; any thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

// signature-algorithm-type-ov; the stateful hash-based ones (XMSS, LMS) are known by name and refused.
enum class SignatureAlgorithm : std::uint8_t {
  rs256,
  rs384,
  rs512,
  es256,
  es384,
  es512,
  ps256,
  ps384,
  ps512,
  ed25519,
  ed448
};
std::optional<SignatureAlgorithm> parse_signature_algorithm(std::string_view name) noexcept;
std::string_view signature_algorithm_name(SignatureAlgorithm algorithm) noexcept;

// Lower-case hexadecimal digest by the name IANA gives the algorithm: sha-256, sha-384, sha-512. invalid: another one.
Result<std::string> hash_hex(std::string_view hash_algorithm, std::string_view text);

class PublicKey {
 public:
  // A PEM public key or certificate. invalid when it is neither.
  static Result<PublicKey> from_pem(std::string_view pem);
  // Base64 of the DER of a key, or of a certificate, as `public_key` and `public_cert_chain` hold it.
  static Result<PublicKey> from_key_base64(std::string_view text);
  static Result<PublicKey> from_certificate_base64(std::string_view text);

  // The same key, whatever it was read from.
  bool same_as(const PublicKey& other) const noexcept { return der_ == other.der_; }
  // base64url of the SHA-256 of the certificate's or the key's DER: what `thumbprint` may name it by.
  bool has_thumbprint(std::string_view thumbprint) const;
  bool is_certificate() const noexcept { return certificate_ != nullptr; }
  std::string fingerprint() const;                 // SHA-256 of the key's DER, lower-case hexadecimal
  std::string base64() const;                      // for `public_key`
  Result<SignatureAlgorithm> algorithm() const;    // the usual one for this kind of key
  Result<void> check_certificate(Time now) const;  // inside its own times; a bare key always is
  // denied: the signature is not of this key over this text; invalid: the key is of another kind, or too weak.
  Result<void> verify(SignatureAlgorithm algorithm, std::string_view text, std::string_view signature) const;

 private:
  friend class PrivateKey;
  friend Result<void> check_chain(const std::vector<PublicKey>&, const std::vector<PublicKey>&, Time);
  PublicKey() = default;
  static Result<PublicKey> of_certificate(std::shared_ptr<void> certificate);
  Result<void> adopt(std::shared_ptr<void> key);

  std::shared_ptr<void> key_;          // EVP_PKEY
  std::shared_ptr<void> certificate_;  // X509
  std::string der_;                    // of the key
  std::string certificate_der_;
};

// The first certificate is certified by the next and so on, up to one that `roots` holds; all valid at `now`. denied
// otherwise.
Result<void> check_chain(const std::vector<PublicKey>& chain, const std::vector<PublicKey>& roots, Time now);

class PrivateKey {
 public:
  // PEM, not encrypted. invalid otherwise.
  static Result<PrivateKey> from_pem(std::string_view pem);
  const PublicKey& public_half() const noexcept { return public_; }
  Result<std::string> sign(SignatureAlgorithm algorithm, std::string_view text) const;

 private:
  PrivateKey() = default;
  PublicKey public_;
};

// RFC 4648 section 5, without padding.
std::string to_base64url(std::string_view bytes);
std::optional<std::string> parse_base64url(std::string_view text);

}  // namespace tocsin::responders
