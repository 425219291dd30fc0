#pragma once
// One mail over SMTP: from its sender's announcement to the server's last answer. What a session says before its first
// mail belongs to the first transaction.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/smtp/mime.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct SmtpFields {
  Field helo;
  Field mail_from;
  Field rcpt_to;
  Field cc;
  Field date;
  Field message_id;
  Field x_mailer;
  Field attachments;
  explicit SmtpFields(FieldNames& names);
};

struct SmtpFile {
  std::uint32_t id = 0;
  std::string name;
  std::uint64_t size = 0;
  std::vector<std::uint8_t> data;  // its beginning, for rules
};

class SmtpTransaction final : public Transaction {
 public:
  explicit SmtpTransaction(const SmtpFields& fields) : fields_(fields) { protocol = Protocol::smtp; }

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction direction) const override { return progress_[collectors::index(direction)]; }
  bool complete(Direction direction) const override;
  void fill(EventBuilder& builder) const override;
  std::uint32_t record_count(const RecordDetail&) const override { return 1; }
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

  // Progress never goes back. True: it moved.
  bool reach(Direction direction, std::uint8_t step);
  void raise(PacketEvent event) { events.set(static_cast<std::size_t>(event)); }

  std::string helo;
  std::string mail_from;
  std::vector<std::string> rcpt_to;
  std::vector<SmtpFile> files;
  std::unique_ptr<MailReader> mail;  // once the mail begins
  bool has_data = false;             // DATA or BDAT was asked for
  bool request_done = false;         // no further command belongs to it

 private:
  void describe_mail(JsonWriter& json, const RecordDetail& detail) const;
  std::optional<Bytes> mail_buffer(Buffer buffer, std::uint32_t index) const;

  const SmtpFields& fields_;
  std::array<std::uint8_t, 2> progress_{};
};

}  // namespace tocsin::collectors
