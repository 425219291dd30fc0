// Mail as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-smtp

#include <algorithm>
#include <array>
#include <ranges>

#include "collectors/base/digest.h"
#include "collectors/base/text.h"
#include "collectors/packet/protocol/smtp/transaction.h"

namespace tocsin::collectors {

namespace {

enum class Shape : std::uint8_t { text, list, each };
struct MailMember {
  std::string_view member;
  std::string_view header;
  Shape shape;
  bool extended;  // part of `extended`; the others come by name only
};
constexpr auto members = std::to_array<MailMember>({
    {"reply_to", "reply-to", Shape::text, false},
    {"bcc", "bcc", Shape::list, false},
    {"message_id", "message-id", Shape::text, true},
    {"subject", "subject", Shape::text, true},
    {"x_mailer", "x-mailer", Shape::text, true},
    {"user_agent", "user-agent", Shape::text, true},
    {"received", "received", Shape::each, false},
    {"x_originating_ip", "x-originating-ip", Shape::text, false},
    {"in_reply_to", "in-reply-to", Shape::text, false},
    {"references", "references", Shape::text, false},
    {"importance", "importance", Shape::text, false},
    {"priority", "priority", Shape::text, false},
    {"sensitivity", "sensitivity", Shape::text, false},
    {"organization", "organization", Shape::text, false},
    {"content_md5", "content-md5", Shape::text, false},
    {"date", "date", Shape::text, false},
});

void append_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const auto& text : texts) json.value(record_text(text));
  json.end_array();
}

void append_header(JsonWriter& json, const MailReader& mail, std::string_view member, std::string_view header,
                   Shape shape) {
  const auto* found = mail.find(header);
  if (found == nullptr) return;
  if (shape == Shape::text) {
    json.member(member, record_text(found->value));
    return;
  }
  json.key(member).begin_array();
  if (shape == Shape::list) {
    for (const auto part : split(found->value, ',')) json.value(record_text(part));
  } else {
    for (const auto& each : mail.headers())
      if (equals_ignoring_case(each.name, header)) json.value(record_text(each.value));
  }
  json.end_array();
}

}  // namespace

bool SmtpTransaction::describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose, std::uint32_t) const {
  json.key("smtp").begin_object();
  if (!helo.empty()) json.member("helo", record_text(helo));
  if (!mail_from.empty()) json.member("mail_from", record_text(mail_from));
  if (!rcpt_to.empty()) append_texts(json, "rcpt_to", rcpt_to);
  json.end_object();
  if (mail != nullptr) describe_mail(json, detail);
  return true;
}

void SmtpTransaction::describe_mail(JsonWriter& json, const RecordDetail& detail) const {
  json.key("email").begin_object();
  append_header(json, *mail, "from", "from", Shape::text);
  append_header(json, *mail, "to", "to", Shape::list);
  append_header(json, *mail, "cc", "cc", Shape::list);
  json.member("status", "PARSE_DONE");
  if (!mail->attachments().empty()) append_texts(json, "attachment", mail->attachments());
  if (!mail->urls().empty()) {
    json.key("url").begin_array();  // the last one first
    for (const auto& url : std::views::reverse(mail->urls())) json.value(record_text(url));
    json.end_array();
  }
  const auto& wanted = detail.smtp;
  for (const auto& each : members) {
    const bool named = std::ranges::find(wanted.custom, each.header) != wanted.custom.end();
    if (named || (each.extended && wanted.extended)) append_header(json, *mail, each.member, each.header, each.shape);
  }
  if (wanted.body_md5 && !mail->body_md5().empty()) json.member("body_md5", mail->body_md5());
  if (wanted.subject_md5)
    if (const auto* subject = mail->find("subject"))
      json.member("subject_md5", render_digest(md5(as_bytes(subject->value))));
  json.end_object();
}

}  // namespace tocsin::collectors
