// Names of message types, ciphers (IANA "Kerberos Encryption Type Numbers") and errors (RFC 4120, section 7.5.9).

#include <algorithm>
#include <array>

#include "collectors/packet/protocol/krb5/message.h"

namespace tocsin::collectors {

namespace {

struct Name {
  std::int32_t number;
  std::string_view name;
};

constexpr std::array<Name, 21> ciphers{{{1, "des-cbc-crc"},
                                        {2, "des-cbc-md4"},
                                        {3, "des-cbc-md5"},
                                        {5, "des3-cbc-md5"},
                                        {7, "des3-cbc-sha1"},
                                        {9, "dsaWithSHA1-CmsOID"},
                                        {10, "md5WithRSAEncryption-CmsOID"},
                                        {11, "sha1WithRSAEncryption-CmsOID"},
                                        {12, "rc2CBC-EnvOID"},
                                        {13, "rsaEncryption-EnvOID"},
                                        {14, "rsaES-OAEP-ENV-OID"},
                                        {15, "des-ede3-cbc-Env-OID"},
                                        {16, "des3-cbc-sha1-kd"},
                                        {17, "aes128-cts-hmac-sha1-96"},
                                        {18, "aes256-cts-hmac-sha1-96"},
                                        {19, "aes128-cts-hmac-sha256-128"},
                                        {20, "aes256-cts-hmac-sha384-192"},
                                        {23, "rc4-hmac"},
                                        {24, "rc4-hmac-exp"},
                                        {25, "camellia128-cts-cmac"},
                                        {26, "camellia256-cts-cmac"}}};

constexpr std::array<std::string_view, 70> errors{"KDC_ERR_NONE",
                                                  "KDC_ERR_NAME_EXP",
                                                  "KDC_ERR_SERVICE_EXP",
                                                  "KDC_ERR_BAD_PVNO",
                                                  "KDC_ERR_C_OLD_MAST_KVNO",
                                                  "KDC_ERR_S_OLD_MAST_KVNO",
                                                  "KDC_ERR_C_PRINCIPAL_UNKNOWN",
                                                  "KDC_ERR_S_PRINCIPAL_UNKNOWN",
                                                  "KDC_ERR_PRINCIPAL_NOT_UNIQUE",
                                                  "KDC_ERR_NULL_KEY",
                                                  "KDC_ERR_CANNOT_POSTDATE",
                                                  "KDC_ERR_NEVER_VALID",
                                                  "KDC_ERR_POLICY",
                                                  "KDC_ERR_BADOPTION",
                                                  "KDC_ERR_ETYPE_NOSUPP",
                                                  "KDC_ERR_SUMTYPE_NOSUPP",
                                                  "KDC_ERR_PADATA_TYPE_NOSUPP",
                                                  "KDC_ERR_TRTYPE_NOSUPP",
                                                  "KDC_ERR_CLIENT_REVOKED",
                                                  "KDC_ERR_SERVICE_REVOKED",
                                                  "KDC_ERR_TGT_REVOKED",
                                                  "KDC_ERR_CLIENT_NOTYET",
                                                  "KDC_ERR_SERVICE_NOTYET",
                                                  "KDC_ERR_KEY_EXPIRED",
                                                  "KDC_ERR_PREAUTH_FAILED",
                                                  "KDC_ERR_PREAUTH_REQUIRED",
                                                  "KDC_ERR_SERVER_NOMATCH",
                                                  "KDC_ERR_MUST_USE_USER2USER",
                                                  "KDC_ERR_PATH_NOT_ACCEPTED",
                                                  "KDC_ERR_SVC_UNAVAILABLE",
                                                  "",
                                                  "KRB_AP_ERR_BAD_INTEGRITY",
                                                  "KRB_AP_ERR_TKT_EXPIRED",
                                                  "KRB_AP_ERR_TKT_NYV",
                                                  "KRB_AP_ERR_REPEAT",
                                                  "KRB_AP_ERR_NOT_US",
                                                  "KRB_AP_ERR_BADMATCH",
                                                  "KRB_AP_ERR_SKEW",
                                                  "KRB_AP_ERR_BADADDR",
                                                  "KRB_AP_ERR_BADVERSION",
                                                  "KRB_AP_ERR_MSG_TYPE",
                                                  "KRB_AP_ERR_MODIFIED",
                                                  "KRB_AP_ERR_BADORDER",
                                                  "",
                                                  "KRB_AP_ERR_BADKEYVER",
                                                  "KRB_AP_ERR_NOKEY",
                                                  "KRB_AP_ERR_MUT_FAIL",
                                                  "KRB_AP_ERR_BADDIRECTION",
                                                  "KRB_AP_ERR_METHOD",
                                                  "KRB_AP_ERR_BADSEQ",
                                                  "KRB_AP_ERR_INAPP_CKSUM",
                                                  "KRB_AP_PATH_NOT_ACCEPTED",
                                                  "KRB_ERR_RESPONSE_TOO_BIG",
                                                  "",
                                                  "",
                                                  "",
                                                  "",
                                                  "",
                                                  "",
                                                  "",
                                                  "KRB_ERR_GENERIC",
                                                  "KRB_ERR_FIELD_TOOLONG",
                                                  "KDC_ERR_CLIENT_NOT_TRUSTED",
                                                  "KDC_ERR_KDC_NOT_TRUSTED",
                                                  "KDC_ERR_INVALID_SIG",
                                                  "KDC_ERR_KEY_TOO_WEAK",
                                                  "KDC_ERR_CERTIFICATE_MISMATCH",
                                                  "KRB_AP_ERR_NO_TGT",
                                                  "KDC_ERR_WRONG_REALM",
                                                  "KRB_AP_ERR_USER_TO_USER_REQUIRED"};

}  // namespace

std::string_view kerberos_type_name(std::uint8_t type) noexcept {
  switch (type) {
    case krb5_type::as_request: return "KRB_AS_REQ";
    case krb5_type::as_reply: return "KRB_AS_REP";
    case krb5_type::tgs_request: return "KRB_TGS_REQ";
    case krb5_type::tgs_reply: return "KRB_TGS_REP";
    case krb5_type::ap_request: return "KRB_AP_REQ";
    case krb5_type::ap_reply: return "KRB_AP_REP";
    case krb5_type::error: return "KRB_ERROR";
    default: return {};
  }
}

std::string kerberos_encryption_name(std::int32_t number) {
  const auto found = std::ranges::find(ciphers, number, &Name::number);
  return found == ciphers.end() ? std::to_string(number) : std::string(found->name);
}

std::optional<std::int32_t> find_kerberos_encryption(std::string_view name) noexcept {
  const auto found = std::ranges::find(ciphers, name, &Name::name);
  return found == ciphers.end() ? std::nullopt : std::optional(found->number);
}

bool kerberos_encryption_weak(std::int32_t number) noexcept {
  const bool strong = (number >= 17 && number <= 20) || number == 25 || number == 26;
  return !strong;
}

std::string kerberos_error_name(std::int32_t code) {
  const auto at = static_cast<std::size_t>(code);
  if (code >= 0 && at < errors.size() && !errors[at].empty()) return std::string(errors[at]);
  return std::to_string(code);
}

}  // namespace tocsin::collectors
