#include "responders/playbook/signature/algorithm.h"

#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>

namespace tocsin::responders {
namespace {

using Algorithm = SignatureAlgorithm;

enum class Family : std::uint8_t { rsa, rsa_pss, ecdsa, edwards };

struct Row {
  std::string_view name;
  Family family;
  int key;             // EVP_PKEY_…
  int bits;            // of the curve; of RSA at least
  const char* digest;  // null: the algorithm has its own
};

constexpr std::array<Row, 11> rows{{
    {"RS256", Family::rsa, EVP_PKEY_RSA, 2048, "SHA256"},
    {"RS384", Family::rsa, EVP_PKEY_RSA, 2048, "SHA384"},
    {"RS512", Family::rsa, EVP_PKEY_RSA, 2048, "SHA512"},
    {"ES256", Family::ecdsa, EVP_PKEY_EC, 256, "SHA256"},
    {"ES384", Family::ecdsa, EVP_PKEY_EC, 384, "SHA384"},
    {"ES512", Family::ecdsa, EVP_PKEY_EC, 521, "SHA512"},
    {"PS256", Family::rsa_pss, EVP_PKEY_RSA, 2048, "SHA256"},
    {"PS384", Family::rsa_pss, EVP_PKEY_RSA, 2048, "SHA384"},
    {"PS512", Family::rsa_pss, EVP_PKEY_RSA, 2048, "SHA512"},
    {"Ed25519", Family::edwards, EVP_PKEY_ED25519, 0, nullptr},
    {"Ed448", Family::edwards, EVP_PKEY_ED448, 0, nullptr},
}};

const Row& row_of(Algorithm algorithm) { return rows[static_cast<std::size_t>(algorithm)]; }

Result<void> check_key(EVP_PKEY* key, const Row& row) {
  if (EVP_PKEY_get_base_id(key) != row.key)
    return fail(Code::invalid, fmt::format("the key is not one for {}", row.name));
  if (row.key == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < row.bits)
    return fail(Code::invalid, "an RSA key of fewer than 2048 bits is not trusted");
  if (row.key != EVP_PKEY_EC) return {};
  std::array<char, 32> curve{};
  const std::string_view wanted = row.bits == 256 ? "prime256v1" : row.bits == 384 ? "secp384r1" : "secp521r1";
  if (EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) != 1 || wanted != curve.data())
    return fail(Code::invalid, fmt::format("the key is not on the curve of {}", row.name));
  return {};
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

bool set_padding(EVP_PKEY_CTX* context, Family family) {
  if (family != Family::rsa_pss) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

struct FreeSignature {
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
using EcSignature = std::unique_ptr<ECDSA_SIG, FreeSignature>;

// R and S, each as long as the curve → the DER that OpenSSL reads. Nothing when the length is wrong.
std::optional<std::string> der_of_pair(std::string_view pair, int bits) {
  const auto half = static_cast<std::size_t>((bits + 7) / 8);
  if (pair.size() != 2 * half) return std::nullopt;
  const EcSignature signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes_of(pair), static_cast<int>(half), nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(pair.substr(half)), static_cast<int>(half), nullptr);
  if (!signature || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return std::nullopt;
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return std::nullopt;
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

Result<std::string> pair_of_der(std::string_view der, int bits) {
  const auto half = (bits + 7) / 8;
  const unsigned char* at = bytes_of(der);
  const EcSignature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string out(static_cast<std::size_t>(2 * half), '\0');
  auto* const bytes = reinterpret_cast<unsigned char*>(out.data());
  if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes, half) != half ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes + half, half) != half)
    return fail(Code::failure, "OpenSSL gave no ECDSA signature");
  return out;
}

}  // namespace

std::optional<Algorithm> parse_signature_algorithm(std::string_view name) noexcept {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].name == name) return static_cast<Algorithm>(i);
  return std::nullopt;
}
std::string_view signature_algorithm_name(Algorithm algorithm) noexcept { return row_of(algorithm).name; }

Result<Algorithm> usual_algorithm(void* any) {
  auto* const key = static_cast<EVP_PKEY*>(any);
  // PS is younger and sounder, RS is what others read; both only for RSA.
  for (const Algorithm algorithm :
       {Algorithm::rs256, Algorithm::es256, Algorithm::es384, Algorithm::es512, Algorithm::ed25519, Algorithm::ed448})
    if (check_key(key, row_of(algorithm))) return algorithm;
  return fail(Code::invalid, "the key is not RSA (2048 bits), P-256, P-384, P-521, Ed25519 or Ed448");
}

Result<void> verify_with(void* any, Algorithm algorithm, std::string_view text, std::string_view signature) {
  auto* const key = static_cast<EVP_PKEY*>(any);
  const Row& row = row_of(algorithm);
  TOCSIN_CHECK(check_key(key, row));
  std::optional<std::string> der;
  if (row.family == Family::ecdsa) {
    der = der_of_pair(signature, row.bits);
    if (!der) return fail(Code::denied, "the signature is not R and S side by side");
    signature = *der;
  }
  const Context context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* inner = nullptr;
  if (!context || EVP_DigestVerifyInit_ex(context.get(), &inner, row.digest, nullptr, nullptr, key, nullptr) != 1 ||
      !set_padding(inner, row.family))
    return fail(Code::failure, fmt::format("OpenSSL cannot verify {}", row.name));
  if (EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) != 1)
    return fail(Code::denied, "the signature is not of this key over this playbook");
  return {};
}

Result<std::string> sign_with(void* any, Algorithm algorithm, std::string_view text) {
  auto* const key = static_cast<EVP_PKEY*>(any);
  const Row& row = row_of(algorithm);
  TOCSIN_CHECK(check_key(key, row));
  const Context context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* inner = nullptr;
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit_ex(context.get(), &inner, row.digest, nullptr, nullptr, key, nullptr) != 1 ||
      !set_padding(inner, row.family) ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) != 1)
    return fail(Code::failure, fmt::format("OpenSSL cannot sign by {}", row.name));
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes_of(text), text.size()) !=
      1)
    return fail(Code::failure, fmt::format("OpenSSL cannot sign by {}", row.name));
  out.resize(size);
  if (row.family == Family::ecdsa) return pair_of_der(out, row.bits);
  return out;
}

}  // namespace tocsin::responders
