#include "collectors/packet/protocol/quic/transaction.h"

#include "collectors/base/digest.h"

namespace tocsin::collectors {
namespace {

std::optional<Bytes> text(const std::string& value) {
  return value.empty() ? std::nullopt : std::optional(as_bytes(value));
}

}  // namespace

QuicTransaction::QuicTransaction(const QuicFields& fields, Direction side, std::uint32_t version)
    : fields_(fields), side_(side), version_(version) {
  protocol = Protocol::quic;
  for (int i = 0; i < 4; ++i)
    version_bytes_[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(version >> (24 - 8 * i));
}

void QuicTransaction::set(TlsClientHello hello) {
  client_ = std::move(hello);
  ja3_ = ja3_text(*client_);
  ja3_hash_ = render_digest(md5(as_bytes(ja3_)));
  ja4_ = ja4_text(*client_, Ja4Transport::quic);
}

void QuicTransaction::set(TlsServerHello hello) {
  server_ = std::move(hello);
  ja3_ = ja3s_text(*server_);
  ja3_hash_ = render_digest(md5(as_bytes(ja3_)));
}

void QuicTransaction::set(GoogleHello hello) {
  google_ = std::move(hello);
  cyu_ = cyu_text(version_, *google_);
  cyu_hash_ = render_digest(md5(as_bytes(cyu_)));
}

std::optional<Bytes> QuicTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != side_ || index != 0) return std::nullopt;
  switch (buffer) {
    case Buffer::quic_version: return Bytes(version_bytes_);
    case Buffer::quic_sni:
      if (google_) return text(google_->server_name);
      return client_ ? text(client_->server_name) : std::nullopt;
    case Buffer::quic_ua: return google_ ? text(google_->user_agent) : std::nullopt;
    case Buffer::quic_cyu_hash: return text(cyu_hash_);
    case Buffer::quic_cyu_string: return text(cyu_);
    case Buffer::ja3_hash: return client_ ? text(ja3_hash_) : std::nullopt;
    case Buffer::ja3_string: return client_ ? text(ja3_) : std::nullopt;
    case Buffer::ja3s_hash: return server_ ? text(ja3_hash_) : std::nullopt;
    case Buffer::ja3s_string: return server_ ? text(ja3_) : std::nullopt;
    case Buffer::ja4_hash: return text(ja4_);
    default: return std::nullopt;
  }
}

}  // namespace tocsin::collectors
