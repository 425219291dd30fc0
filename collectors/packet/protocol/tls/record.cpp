// ECS fields of a TLS handshake.

#include <fmt/format.h>

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/tls/transaction.h"

namespace tocsin::collectors {

void TlsTransaction::fill(EventBuilder& builder) const {
  const auto text = [&](Field field, const std::string& value) {
    if (!value.empty()) builder.set(field, value);
  };
  text(field::tls_version, server_ ? server_version_ : client_version_);
  if (client_) {
    text(field::tls_client_server_name, client_->server_name);
    text(field::tls_client_ja3, ja3_hash_);
    text(field::tls_client_ja4, ja4_);
    std::vector<std::string_view> names(client_->alpn.begin(), client_->alpn.end());
    if (!names.empty()) builder.set_list(field::tls_client_alpn, names);
  }
  if (server_) {
    text(field::tls_server_ja3s, ja3s_hash_);
    builder.set(field::tls_cipher, fmt::format("0x{:04x}", server_->cipher));
  }
  if (!server_identity_.certificate) return;
  const Certificate& certificate = *server_identity_.certificate;
  text(field::tls_server_subject, certificate.subject);
  text(field::tls_server_issuer, certificate.issuer);
  text(field::tls_server_hash_sha1, certificate.fingerprint);
  text(fields_.serial, certificate.serial);
  if (certificate.not_before) builder.set(fields_.not_before, *certificate.not_before);
  if (certificate.not_after) builder.set(fields_.not_after, *certificate.not_after);
  std::vector<std::string_view> names(certificate.alternative_names.begin(), certificate.alternative_names.end());
  if (!names.empty()) builder.set_list(fields_.alternative_names, names);
}

}  // namespace tocsin::collectors
