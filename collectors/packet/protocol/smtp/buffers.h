#pragma once
// Inspection buffers of SMTP and of the mail it carries. Progress to_server: 1 greeting, 2 sender, 3 recipients,
// 4 headers of the mail, 5 its body, 6 complete; to_client: 1 answers, 2 complete.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace smtp_progress {
inline constexpr std::uint8_t greeting = 1, sender = 2, recipients = 3, headers = 4, body = 5, complete = 6;
inline constexpr std::uint8_t answers = 1, answered = 2;
}  // namespace smtp_progress

inline constexpr std::array smtp_buffers{
    BufferRow{Buffer::smtp_helo, "smtp.helo", Protocol::smtp, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::smtp_mail_from, "smtp.mail_from", Protocol::smtp, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::smtp_rcpt_to, "smtp.rcpt_to", Protocol::smtp, BufferSide::to_server, 3, true, false},
    BufferRow{Buffer::email_from, "email.from", Protocol::smtp, BufferSide::to_server, 4, false, false},
    BufferRow{Buffer::email_to, "email.to", Protocol::smtp, BufferSide::to_server, 4, false, false},
    BufferRow{Buffer::email_cc, "email.cc", Protocol::smtp, BufferSide::to_server, 4, false, false},
    BufferRow{Buffer::email_subject, "email.subject", Protocol::smtp, BufferSide::to_server, 4, false, false},
    BufferRow{Buffer::email_date, "email.date", Protocol::smtp, BufferSide::to_server, 4, false, false},
    BufferRow{Buffer::email_message_id, "email.message_id", Protocol::smtp, BufferSide::to_server, 4, false, false},
    BufferRow{Buffer::email_x_mailer, "email.x_mailer", Protocol::smtp, BufferSide::to_server, 4, false, false},
    BufferRow{Buffer::email_received, "email.received", Protocol::smtp, BufferSide::to_server, 4, true, false},
    BufferRow{Buffer::email_url, "email.url", Protocol::smtp, BufferSide::to_server, 6, true, false},
    BufferRow{Buffer::email_body_md5, "email.body_md5", Protocol::smtp, BufferSide::to_server, 6, false, false},
    BufferRow{Buffer::file_data, "file.data", Protocol::smtp, BufferSide::to_server, 5, true, true},
    BufferRow{Buffer::file_name, "file.name", Protocol::smtp, BufferSide::to_server, 5, true, true},
};

}  // namespace tocsin::collectors
