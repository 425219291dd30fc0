#pragma once
// One QUIC packet of the handshake and what its hello says.

#include <optional>
#include <string>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/quic/google.h"
#include "collectors/packet/protocol/quic/initial.h"
#include "collectors/packet/protocol/tls/hello.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct QuicFields {
  Field version;
  explicit QuicFields(FieldNames& names);
};

class QuicTransaction final : public WholeTransaction {
 public:
  QuicTransaction(const QuicFields& fields, Direction side, std::uint32_t version);

  void set(TlsClientHello hello);
  void set(TlsServerHello hello);
  void set(GoogleHello hello);

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  void append_extensions(JsonWriter& json) const;

  const QuicFields& fields_;
  const Direction side_;
  const std::uint32_t version_;
  std::array<std::uint8_t, 4> version_bytes_{};
  std::optional<TlsClientHello> client_;
  std::optional<TlsServerHello> server_;
  std::optional<GoogleHello> google_;
  std::string ja3_, ja3_hash_, ja4_, cyu_, cyu_hash_;  // JA3 or, of a server, JA3S
};

}  // namespace tocsin::collectors
