// ECS fields of a mail: https://www.elastic.co/guide/en/ecs/current/ecs-email.html; the envelope as Suricata names it.

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/smtp/transaction.h"

namespace tocsin::collectors {

SmtpFields::SmtpFields(FieldNames& names)
    : helo(names.intern("smtp.helo")),
      mail_from(names.intern("smtp.mail_from")),
      rcpt_to(names.intern("smtp.rcpt_to")),
      cc(names.intern("email.cc.address")),
      date(names.intern("email.origination_timestamp")),
      message_id(names.intern("email.message_id")),
      x_mailer(names.intern("email.x_mailer")),
      attachments(names.intern("email.attachments.file.name")) {}

void SmtpTransaction::fill(EventBuilder& builder) const {
  const auto text = [&](Field field, std::string_view value) {
    if (!value.empty()) builder.set(field, value);
  };
  const auto list = [&](Field field, const std::vector<std::string>& values) {
    const std::vector<std::string_view> views(values.begin(), values.end());
    if (!views.empty()) builder.set_list(field, views);
  };
  text(fields_.helo, helo);
  text(fields_.mail_from, mail_from);
  list(fields_.rcpt_to, rcpt_to);
  if (mail == nullptr) return;
  const auto header = [&](Field field, std::string_view name) {
    if (const auto* found = mail->find(name)) text(field, found->value);
  };
  header(field::email_from_address, "From");
  header(field::email_to_address, "To");
  header(field::email_subject, "Subject");
  header(fields_.cc, "Cc");
  header(fields_.date, "Date");
  header(fields_.message_id, "Message-ID");
  header(fields_.x_mailer, "X-Mailer");
  list(fields_.attachments, mail->attachments());
  if (!mail->attachments().empty()) text(field::file_name, mail->attachments().front());
  if (!mail->urls().empty()) text(field::url_original, mail->urls().front());
}

}  // namespace tocsin::collectors
