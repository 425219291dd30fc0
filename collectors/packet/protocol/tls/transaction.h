#pragma once
// One TLS handshake; a connection has one transaction.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/tls/certificate.h"
#include "collectors/packet/protocol/tls/hello.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct TlsFields {
  Field not_before;
  Field not_after;
  Field serial;
  Field alternative_names;
  explicit TlsFields(FieldNames& names);
};

class TlsTransaction final : public Transaction {
 public:
  explicit TlsTransaction(const TlsFields& fields, Protocol before = Protocol::unknown)
      : fields_(fields), before_(before) {
    protocol = Protocol::tls;
  }

  void set_client(TlsClientHello hello);
  void set_server(TlsServerHello hello);
  // False when the first of them cannot be read.
  bool set_certificates(Direction sender, std::vector<std::vector<std::uint8_t>> chain, CertificateReader& reader,
                        Time shown);
  void set_encrypted(Direction direction);
  bool has_client() const noexcept { return client_.has_value(); }
  bool has_server() const noexcept { return server_.has_value(); }
  std::uint16_t version() const noexcept { return server_ ? server_->version : client_ ? client_->version : 0; }

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction direction) const override { return progress_[collectors::index(direction)]; }
  bool complete(Direction direction) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  // Once the certificate is there, or nothing more can be read.
  bool recordable() const override {
    return server_identity_.certificate != nullptr ||
           (complete(Direction::to_server) && complete(Direction::to_client));
  }
  std::uint32_t record_count(const RecordDetail& detail) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;
  // The server took up a session that the client remembered, so that no certificate was sent.
  bool resumed() const noexcept;

 private:
  bool describe_member(JsonWriter& json, std::string_view name, const TlsDetail& detail) const;
  bool describe_hello(JsonWriter& json, std::string_view name, const TlsDetail& detail) const;
  std::optional<Bytes> client_buffer(Buffer buffer, std::uint32_t index) const;
  std::optional<Bytes> server_buffer(Buffer buffer, std::uint32_t index) const;

  const TlsFields& fields_;
  const Protocol before_;
  std::array<std::uint8_t, 2> progress_{};
  std::optional<TlsClientHello> client_;
  std::optional<TlsServerHello> server_;
  // What a side shows of itself; the client only when it is asked to.
  struct Identity {
    std::vector<std::vector<std::uint8_t>> chain;
    std::shared_ptr<const Certificate> certificate;  // the first of the chain; null: none, or it is none
    CertificateStanding standing = CertificateStanding::valid;
  };
  std::optional<Bytes> certificate_buffer(const Identity& identity, Buffer buffer, std::uint32_t index) const;
  static bool describe_certificate(JsonWriter& json, std::string_view name, const Identity& identity);

  Identity client_identity_;
  Identity server_identity_;
  std::string ja3_, ja3_hash_, ja3s_, ja3s_hash_, ja4_;
  std::string client_version_, server_version_;
};

}  // namespace tocsin::collectors
