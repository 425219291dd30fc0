#pragma once
// One stream of HTTP/2: request, answer, their bodies; or one frame of the connection itself (stream 0).

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/dns/transaction.h"
#include "collectors/packet/protocol/http2/body.h"
#include "collectors/packet/protocol/http2/frame.h"
#include "collectors/packet/protocol/http2/hpack.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct Http2Fields {
  Field stream;
  explicit Http2Fields(FieldNames& names);
};

class Http2Transaction final : public Transaction {
 public:
  struct Side {
    std::vector<Http2Frame> frames;
    std::vector<Http2Field> fields;
    Http2Body body;
    bool has_headers = false;
    bool ended = false;
    bool file_begun = false;
    std::unique_ptr<DnsTransaction> dns;
    // Made of the fields.
    std::string header;                                      // "name: value\r\n" each
    std::vector<std::pair<std::size_t, std::size_t>> lines;  // where each stands in it, without its end
    std::string names;
    std::string first_line;
  };

  Http2Transaction(const Http2Fields& fields, std::uint32_t stream) : fields_(fields), stream_(stream) {
    protocol = Protocol::http2;
  }

  std::uint32_t stream() const noexcept { return stream_; }
  Side& side(Direction direction) noexcept { return sides_[collectors::index(direction)]; }
  const Side& side(Direction direction) const noexcept { return sides_[collectors::index(direction)]; }
  // The value of the first field of that name; null: none.
  const std::string* field_value(Direction direction, std::string_view name) const noexcept;
  std::string_view file_name() const noexcept;
  // Fields were added: what is made of them, and what is wrong with them.
  void headers_done(Direction direction);
  void raise(PacketEvent event);

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction direction) const override;
  bool complete(Direction direction) const override;
  void fill(EventBuilder& builder) const override;
  std::uint32_t record_count(const RecordDetail& detail) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  std::optional<Bytes> field_buffer(Direction direction, std::string_view name) const;
  std::optional<Bytes> named_buffer(Buffer buffer, Direction direction) const;
  void append_side(JsonWriter& json, Direction direction) const;
  void append_common(JsonWriter& json) const;

  const Http2Fields& fields_;
  const std::uint32_t stream_;
  std::array<Side, 2> sides_;
  std::string host_;  // lower case
};

}  // namespace tocsin::collectors
