#include <fmt/format.h>

#include "collectors/base/base64.h"
#include "collectors/base/digest.h"
#include "collectors/base/json.h"
#include "responders/action/notify/base64_lines.h"
#include "responders/action/notify/deliver.h"

namespace tocsin::responders {
namespace {

// One line, no control characters: what stands in a header must not start another one.
std::string one_line(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text.substr(0, most)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  return out;
}

// RFC 2047 when it is not plain ASCII; each word at most 45 bytes, cut between code points.
std::string header_text(std::string_view text) {
  const std::string line = one_line(text, 500);
  bool plain = true;
  for (const char c : line) plain = plain && static_cast<unsigned char>(c) < 0x80;
  if (plain && line.find("=?") == std::string::npos) return line;
  std::string out;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = std::min(at + 42, line.size());
    while (end < line.size() && end > at + 1 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
    out += fmt::format("{}=?UTF-8?B?{}?=", at == 0 ? "" : "\r\n ", to_base64(line.substr(at, end - at)));
    at = end;
  }
  return out;
}

// RFC 5322 section 3.3, always in UTC.
std::string mail_date(Time now) {
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - day));
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", days[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

int syslog_severity(const std::string& severity) {
  if (severity == "critical") return 2;
  return severity == "warning" ? 4 : 6;
}

// RFC 5424 section 6.3.3: backslash before " \ ].
std::string parameter_value(std::string_view text) {
  std::string out;
  for (const char c : one_line(text, 200)) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += c;
  }
  return out;
}

// Printable ASCII without space, as the header fields of RFC 5424 want; "-" for nothing.
std::string header_field(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text.substr(0, most)) out += c > 0x20 && c < 0x7F ? c : '_';
  return out.empty() ? "-" : out;
}

}  // namespace

std::string render_mail(const NotifyChannel& channel, const Notice& notice, Time now) {
  const std::string digest = render_digest(hash128(notice.id + notice.subject + notice.body));
  const std::size_t at = channel.from.find('@');
  const std::string domain = at == std::string::npos ? "localhost" : one_line(channel.from.substr(at + 1), 200);
  std::string to;
  for (const std::string& address : channel.to) to += (to.empty() ? "" : ", ") + one_line(address, 300);
  std::string out =
      fmt::format("Date: {}\r\nFrom: Tocsin <{}>\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@{}>\r\n", mail_date(now),
                  one_line(channel.from, 300), to, header_text(notice.subject), digest, domain);
  out += fmt::format("Auto-Submitted: auto-generated\r\nX-Tocsin-Severity: {}\r\n", header_field(notice.severity, 20));
  if (!notice.incident.empty()) out += fmt::format("X-Tocsin-Incident: {}\r\n", header_field(notice.incident, 60));
  out += "MIME-Version: 1.0\r\n";
  // Base64 throughout: any bytes survive, no line is too long, and no body can end the transfer early.
  const std::string text = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                           base64_lines(notice.body);
  if (notice.attachments.empty()) return out + text;
  const std::string boundary = "tocsin-" + digest;
  out += fmt::format("Content-Type: multipart/mixed; boundary=\"{}\"\r\n\r\n--{}\r\n{}", boundary, boundary, text);
  for (const Notice::Attachment& attachment : notice.attachments)
    out += fmt::format(
        "--{}\r\nContent-Type: {}\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment; filename=\"{}\"\r\n\r\n{}",
        boundary, header_field(attachment.type, 100), header_field(attachment.name, 100),
        base64_lines(attachment.content));
  return out + "--" + boundary + "--\r\n";
}

std::string render_webhook(const Notice& notice, Time now) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .member("version", 1)
      .member("id", notice.id)
      .member("time", render_time(now))
      .member("host", notice.host)
      .member("severity", notice.severity)
      .member("subject", notice.subject)
      .member("text", notice.body)
      .member("incident", notice.incident)
      .end_object();
  return out;
}

std::string render_syslog(const Notice& notice, Time now, const std::string& process_id) {
  constexpr int facility = 13;  // log audit
  return fmt::format("<{}>1 {} {} tocsin {} notify [tocsin@32473 id=\"{}\" incident=\"{}\"] \xEF\xBB\xBF{}: {}",
                     facility * 8 + syslog_severity(notice.severity), render_time(now), header_field(notice.host, 255),
                     header_field(process_id, 128), parameter_value(notice.id), parameter_value(notice.incident),
                     one_line(notice.subject, 300), one_line(notice.body, 1500));
}

}  // namespace tocsin::responders
