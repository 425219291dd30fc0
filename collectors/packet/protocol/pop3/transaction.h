#pragma once
// A command of POP3 and its answer; of RETR also the mail that comes with it.

#include <memory>
#include <string>
#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/smtp/mime.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct Pop3Fields {
  Field command;
  Field arguments;
  Field status;
  explicit Pop3Fields(FieldNames& names);
};

struct Pop3File {
  std::uint32_t id = 0;
  std::string name;
  std::uint64_t size = 0;
  std::vector<std::uint8_t> data;  // its beginning, for rules
};

class Pop3Transaction final : public Transaction {
 public:
  explicit Pop3Transaction(const Pop3Fields& fields) : fields_(fields) { protocol = Protocol::pop3; }

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction) const override { return step; }
  bool complete(Direction) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

  bool has_many_lines() const noexcept;  // the answer, when it is positive

  std::string command;  // in capitals; empty: the server spoke unasked
  std::vector<std::string> arguments;
  bool answered = false;
  bool success = false;
  std::string header;
  std::vector<std::string> lines;  // the first ones; none of a mail
  std::vector<Pop3File> files;
  std::unique_ptr<MailReader> mail;
  std::uint8_t step = 1;

 private:
  const Pop3Fields& fields_;
};

}  // namespace tocsin::collectors
