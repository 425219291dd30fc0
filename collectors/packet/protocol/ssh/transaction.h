#pragma once
// The beginning of an SSH connection, which is one transaction.

#include <array>
#include <string>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/ssh/message.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct SshFields {
  std::array<Field, 2> version;
  std::array<Field, 2> software;
  std::array<Field, 2> hassh;
  explicit SshFields(FieldNames& names);
};

class SshTransaction final : public Transaction {
 public:
  explicit SshTransaction(const SshFields& fields) : fields_(fields) { protocol = Protocol::ssh; }

  void set_banner(Direction direction, const SshBanner& banner);
  void set_algorithms(Direction direction, const SshAlgorithms& algorithms);
  void set_keys(Direction direction);

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction direction) const override { return side_[collectors::index(direction)].progress; }
  bool complete(Direction direction) const override;
  void fill(EventBuilder& builder) const override;
  std::uint32_t record_count(const RecordDetail& detail) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  struct Side {
    std::uint8_t progress = 0;
    std::string protocol;
    std::string software;
    std::string hassh_text;
    std::string hassh;
  };
  const SshFields& fields_;
  std::array<Side, 2> side_;
};

}  // namespace tocsin::collectors
