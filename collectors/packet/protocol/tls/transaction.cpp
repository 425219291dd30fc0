#include "collectors/packet/protocol/tls/transaction.h"

#include "collectors/base/digest.h"
#include "collectors/packet/packet_event.h"
#include "collectors/packet/protocol/tls/buffers.h"

namespace tocsin::collectors {

TlsFields::TlsFields(FieldNames& names)
    : not_before(names.intern("tls.server.not_before")),
      not_after(names.intern("tls.server.not_after")),
      serial(names.intern("tls.server.x509.serial_number")),
      alternative_names(names.intern("tls.server.x509.alternative_names")) {}

void TlsTransaction::set_client(TlsClientHello hello) {
  if (!hello.old_form) {
    ja3_ = ja3_text(hello);
    ja3_hash_ = render_digest(md5(as_bytes(ja3_)));
    ja4_ = ja4_text(hello, Ja4Transport::tcp);
  }
  const auto raise_if = [&](std::uint8_t fault, PacketEvent event) {
    if ((hello.name_faults & fault) != 0) events.set(static_cast<std::size_t>(event));
  };
  raise_if(TlsClientHello::several_names, PacketEvent::tls_multiple_sni_extensions);
  raise_if(TlsClientHello::name_length, PacketEvent::tls_invalid_sni_length);
  raise_if(TlsClientHello::name_type, PacketEvent::tls_invalid_sni_type);
  client_version_ = tls_version_name(hello.version);
  client_ = std::move(hello);
  progress_[0] = std::max(progress_[0], tls_progress::hello);
}

void TlsTransaction::set_server(TlsServerHello hello) {
  ja3s_ = ja3s_text(hello);
  ja3s_hash_ = render_digest(md5(as_bytes(ja3s_)));
  server_version_ = tls_version_name(hello.version);
  server_ = std::move(hello);
  progress_[1] = std::max(progress_[1], tls_progress::hello);
}

bool TlsTransaction::set_certificates(Direction sender, std::vector<std::vector<std::uint8_t>> chain,
                                      CertificateReader& reader, Time shown) {
  Identity& identity = sender == Direction::to_server ? client_identity_ : server_identity_;
  identity.chain = std::move(chain);
  std::uint8_t& progress = progress_[collectors::index(sender)];
  progress = std::max(progress, tls_progress::certificates);
  if (identity.chain.empty()) return true;
  identity.certificate = reader.read(identity.chain.front());
  if (identity.certificate) identity.standing = standing_of(*identity.certificate, shown);
  else events.set(static_cast<std::size_t>(PacketEvent::tls_invalid_certificate));
  return identity.certificate != nullptr;
}

void TlsTransaction::set_encrypted(Direction direction) {
  progress_[collectors::index(direction)] = tls_progress::encrypted;
}

bool TlsTransaction::complete(Direction direction) const {
  return progress_[collectors::index(direction)] >= tls_progress::encrypted;
}

std::optional<Bytes> TlsTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  return direction == Direction::to_server ? client_buffer(buffer, index) : server_buffer(buffer, index);
}

std::optional<Bytes> TlsTransaction::certificate_buffer(const Identity& identity, Buffer buffer,
                                                        std::uint32_t index) const {
  if (buffer == Buffer::tls_certs)
    return index < identity.chain.size() ? std::optional(Bytes(identity.chain[index])) : std::nullopt;
  if (!identity.certificate) return std::nullopt;
  const Certificate& certificate = *identity.certificate;
  if (buffer == Buffer::tls_subjectaltname) {
    if (index >= certificate.alternative_names.size()) return std::nullopt;
    return as_bytes(certificate.alternative_names[index]);
  }
  if (index != 0) return std::nullopt;
  switch (buffer) {
    case Buffer::tls_cert_subject: return as_bytes(certificate.subject);
    case Buffer::tls_cert_issuer: return as_bytes(certificate.issuer);
    case Buffer::tls_cert_serial: return as_bytes(certificate.serial);
    case Buffer::tls_cert_fingerprint: return as_bytes(certificate.fingerprint);
    default: return std::nullopt;
  }
}

std::optional<Bytes> TlsTransaction::client_buffer(Buffer buffer, std::uint32_t index) const {
  if (auto found = certificate_buffer(client_identity_, buffer, index)) return found;
  if (!client_) return std::nullopt;
  if (buffer == Buffer::tls_alpn)
    return index < client_->alpn.size() ? std::optional(as_bytes(client_->alpn[index])) : std::nullopt;
  if (index != 0) return std::nullopt;
  const auto there = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(as_bytes(text));
  };
  switch (buffer) {
    case Buffer::tls_sni: return there(client_->server_name);
    case Buffer::tls_version: return as_bytes(client_version_);
    case Buffer::tls_random: return Bytes(client_->random);
    case Buffer::ja3_hash: return there(ja3_hash_);
    case Buffer::ja3_string: return there(ja3_);
    case Buffer::ja4_hash: return there(ja4_);
    default: return std::nullopt;
  }
}

std::optional<Bytes> TlsTransaction::server_buffer(Buffer buffer, std::uint32_t index) const {
  if (auto found = certificate_buffer(server_identity_, buffer, index)) return found;
  if (!server_ || index != 0) return std::nullopt;
  switch (buffer) {
    case Buffer::tls_version: return as_bytes(server_version_);
    case Buffer::tls_alpn: return server_->alpn.empty() ? std::nullopt : std::optional(as_bytes(server_->alpn));
    case Buffer::tls_random: return Bytes(server_->random);
    case Buffer::ja3s_hash: return as_bytes(ja3s_hash_);
    case Buffer::ja3s_string: return as_bytes(ja3s_);
    default: return std::nullopt;
  }
}

std::optional<std::uint64_t> TlsTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (index != 0) return std::nullopt;
  const bool of_client = direction == Direction::to_server;
  if (buffer == Buffer::tls_version) {
    if (of_client) return client_ ? std::optional<std::uint64_t>(client_->version) : std::nullopt;
    return server_ ? std::optional<std::uint64_t>(server_->version) : std::nullopt;
  }
  const Identity& identity = of_client ? client_identity_ : server_identity_;
  if (identity.certificate == nullptr) return std::nullopt;
  const auto since_1970 = [](const std::optional<Time>& time) -> std::optional<std::uint64_t> {
    if (!time || time->time_since_epoch().count() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count());
  };
  switch (buffer) {
    case Buffer::tls_cert_notbefore: return since_1970(identity.certificate->not_before);
    case Buffer::tls_cert_notafter: return since_1970(identity.certificate->not_after);
    case Buffer::tls_cert_standing: return static_cast<std::uint64_t>(identity.standing);
    default: return std::nullopt;
  }
}

}  // namespace tocsin::collectors
