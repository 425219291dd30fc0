#pragma once
// The beginning of a conversation of RFB, up to the first picture; there is one per connection.

#include <array>
#include <optional>
#include <string>

#include "collectors/event/field.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct RfbFields {
  Field server_version, client_version, security_type, security_result, screen_name;
  explicit RfbFields(FieldNames& names);
};

struct RfbVersion {
  std::string major;  // as sent: "003"
  std::string minor;
};
struct RfbPixelFormat {
  std::uint8_t bits_per_pixel = 0, depth = 0;
  bool big_endian = false, true_color = false;
  std::uint16_t red_max = 0, green_max = 0, blue_max = 0;
  std::uint8_t red_shift = 0, green_shift = 0, blue_shift = 0;
};
struct RfbScreen {
  std::uint16_t width = 0, height = 0;
  RfbPixelFormat format;
  std::string name;
};

class RfbTransaction final : public Transaction {
 public:
  explicit RfbTransaction(const RfbFields& fields) : fields_(fields) { protocol = Protocol::rfb; }

  std::optional<RfbVersion> server_version, client_version;
  std::optional<std::uint32_t> security_type;
  std::optional<std::array<std::uint8_t, 16>> challenge, response;
  std::optional<std::uint32_t> security_result;
  std::string failure;  // as the server explains it
  std::optional<bool> shared;
  std::optional<RfbScreen> screen;
  std::array<std::uint8_t, 2> steps{};
  bool done = false;  // nothing more can be read

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction direction) const override { return steps[collectors::index(direction)]; }
  bool complete(Direction direction) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const RfbFields& fields_;
};

std::string rfb_result_name(std::uint32_t result);  // "OK"

}  // namespace tocsin::collectors
