#pragma once
// One DNP3 message: a request, a response, or a response nobody asked for.

#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/dnp3/object.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct Dnp3Fields {
  Field function, source, destination;
  explicit Dnp3Fields(FieldNames& names);
};

// The link header: IEEE 1815-2012, clause 9.
struct Dnp3Link {
  std::uint8_t length = 0;
  std::uint8_t control = 0;
  std::uint16_t destination = 0, source = 0;

  bool from_master() const noexcept { return (control & 0x80U) != 0; }
  bool primary() const noexcept { return (control & 0x40U) != 0; }
  std::uint8_t function() const noexcept { return control & 0x0FU; }
};

namespace dnp3_function {
inline constexpr std::uint8_t confirm = 0, read = 1, response = 129, unsolicited_response = 130;
}
struct Dnp3Name {
  std::uint16_t number;
  std::string_view name;
};
std::span<const Dnp3Name> dnp3_function_names() noexcept;
// Bits of the two octets of internal indications, the first one high.
std::span<const Dnp3Name> dnp3_indicator_names() noexcept;

class Dnp3Transaction final : public WholeTransaction {
 public:
  Dnp3Transaction(const Dnp3Fields& fields, Direction side) : fields_(fields), side_(side) {
    protocol = Protocol::dnp3;
  }

  Dnp3Link link;
  std::vector<std::uint8_t> data;   // of the application layer
  std::vector<Dnp3Object> objects;  // point into `data`
  bool whole = false;               // all objects were read

  Direction side() const noexcept { return side_; }
  std::uint8_t control() const noexcept { return data[0]; }
  std::uint8_t function() const noexcept { return data[1]; }
  bool is_response() const noexcept { return side_ == Direction::to_client; }
  std::optional<std::uint16_t> indicators() const noexcept;

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  void append_application(JsonWriter& json) const;

  const Dnp3Fields& fields_;
  const Direction side_;
};

}  // namespace tocsin::collectors
