#pragma once
// A message of Kerberos 5 (RFC 4120), in DER: what is not encrypted of it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

namespace krb5_type {
inline constexpr std::uint8_t as_request = 10, as_reply = 11, tgs_request = 12, tgs_reply = 13, ap_request = 14,
                              ap_reply = 15, error = 30;
}

using KerberosName = std::vector<std::string>;  // its parts
struct KerberosMessage {
  std::uint8_t type = 0;
  std::optional<KerberosName> client;
  std::optional<KerberosName> server;
  std::optional<std::string> realm;
  std::optional<std::int32_t> encryption;         // of the answer
  std::optional<std::int32_t> ticket_encryption;  // of the ticket in it
  std::optional<std::int32_t> error;
};

// `bytes` is one whole message. Nothing when it is none.
std::optional<KerberosMessage> parse_kerberos(Bytes bytes);
// The type, by the first bytes alone.
std::optional<std::uint8_t> peek_kerberos(Bytes bytes);

std::string_view kerberos_type_name(std::uint8_t type) noexcept;  // "KRB_AS_REQ"; empty when unknown
std::string kerberos_encryption_name(std::int32_t number);        // "aes256-cts-hmac-sha1-96"
std::optional<std::int32_t> find_kerberos_encryption(std::string_view name) noexcept;
bool kerberos_encryption_weak(std::int32_t number) noexcept;
std::string kerberos_error_name(std::int32_t code);  // "KDC_ERR_PREAUTH_REQUIRED"

}  // namespace tocsin::collectors
