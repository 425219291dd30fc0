#include "rules/signature/keyword/event_name.h"

#include <algorithm>
#include <array>

namespace tocsin::rules::signature {
namespace {

constexpr auto names = std::to_array<std::string_view>({
    "decoder.tcp.invalid_optlen",
    "dns.not_a_request",
    "dns.not_a_response",
    "ike.weak_crypto_no_auth",
    "ike.weak_crypto_no_dh",
    "ikev2.invalid_proposal",
    "ikev2.malformed_data",
    "ikev2.no_encryption",
    "ikev2.unknown_proposal",
    "ikev2.weak_crypto_auth",
    "ikev2.weak_crypto_dh",
    "ikev2.weak_crypto_enc",
    "ikev2.weak_crypto_noauth",
    "ikev2.weak_crypto_nodh",
    "ikev2.weak_crypto_prf",
    "ldap.unsolicited_response",
    "mdns.not_a_request",
    "mdns.not_a_response",
    "rdp.too_many_transactions",
    "sip.too_many_transactions",
    "snmp.too_many_transactions",
    "stream.pkt_bad_window_update",
    "stream.reassembly_insert_invalid",
    "stream.wrong_thread",
    "telnet.not_request",
    "template.too_many_transactions",
    "tls.certificate_invalid_algorithmidentifier",
    "tls.certificate_invalid_date",
    "tls.certificate_invalid_der",
    "tls.certificate_invalid_extensions",
    "tls.certificate_invalid_issuer",
    "tls.certificate_invalid_length",
    "tls.certificate_invalid_serial",
    "tls.certificate_invalid_string",
    "tls.certificate_invalid_subject",
    "tls.certificate_invalid_validity",
    "tls.certificate_invalid_version",
    "tls.certificate_invalid_x509name",
    "tls.certificate_missing_element",
    "tls.certificate_unknown_element",
    "tls.error_message_encountered",
    "tls.handshake_invalid_length",
    "tls.heartbeat_message",
    "tls.invalid_ssl_record",
    "tls.invalid_sslv2_header",
    "tls.invalid_tls_header",
});
static_assert(std::ranges::is_sorted(names));

}  // namespace

bool is_unraised_event(std::string_view name) noexcept { return std::ranges::binary_search(names, name); }

}  // namespace tocsin::rules::signature
