// rooms: action
// Messages of any words, three parts divided by zero bytes (subject, body, the rest): no word becomes a header, a line
// or a parameter of its own, nor a member of a ticket.
#include <algorithm>
#include <cstdlib>

#include "collectors/base/bytes.h"
#include "responders/action/notify/deliver.h"
#include "responders/action/notify/ticket.h"

using namespace tocsin;
using namespace tocsin::responders;

namespace {

void check_mail(const std::string& mail, const Notice& notice) {
  // Header names in the order they are written; folded lines begin with a space.
  static constexpr std::string_view expected[] = {"Date",
                                                  "From",
                                                  "To",
                                                  "Subject",
                                                  "Message-ID",
                                                  "Auto-Submitted",
                                                  "X-Tocsin-Severity",
                                                  "X-Tocsin-Incident",
                                                  "MIME-Version",
                                                  "Content-Type"};
  const auto end = mail.find("\r\n\r\n");
  if (end == std::string::npos) std::abort();
  std::size_t at = 0;
  std::size_t row = 0;
  while (at < mail.size()) {
    const auto stop = mail.find("\r\n", at);
    if (stop == std::string::npos || stop - at > 998) std::abort();
    const auto line = std::string_view(mail).substr(at, stop - at);
    if (line.find_first_of("\r\n") != std::string_view::npos || line == ".") std::abort();
    if (at < end && !line.starts_with(' ') && row < std::size(expected)) {
      if (row == 7 && notice.incident.empty()) ++row;
      if (!line.starts_with(std::string(expected[row]) + ":")) std::abort();
      ++row;
    }
    at = stop + 2;
  }
  if (std::ranges::any_of(mail, [](char c) { return c == '\0' || static_cast<unsigned char>(c) >= 0x80; }))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = as_text({data, size});
  const auto part = [&] {
    const auto text = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    return std::string(text);
  };
  Notice notice;
  notice.subject = part();
  notice.body = part();
  notice.id = notice.severity = notice.incident = notice.host = std::string(rest);
  if (size % 2 == 0) notice.attachments.push_back({notice.host, notice.host, notice.body});
  NotifyChannel channel;
  channel.from = "tocsin@example.org";
  channel.to = {"soc@example.org"};
  check_mail(render_mail(channel, notice, Time{}), notice);
  const auto clean = [](const std::string& text) {
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) std::abort();
  };
  clean(render_syslog(notice, Time{}, "1"));
  clean(render_webhook(notice, Time{}));
  // No word becomes a member: the ticket stays what the configuration made of it.
  const auto ticket = render_ticket(R"({"{subject}":"{subject}{message}","id":"{key}"})", notice);
  if (!ticket || !check_ticket_body(*ticket) || ticket_in(*ticket, "/id").has_value() == notice.id.empty())
    std::abort();
  return 0;
}
