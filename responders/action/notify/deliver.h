#pragma once
// One message to one channel. Waits for the other side, at most the channel's timeout; any thread, but a caller that
// must not wait needs one of its own.

#include <string>
#include <utility>
#include <vector>

#include "collectors/base/id.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "responders/action/notify/channel.h"

namespace tocsin::responders {

struct Notice {
  std::string id;                     // idempotency key: Message-ID, and "id" in the webhook's body
  std::string severity;               // "info", "warning", "critical"
  std::string subject;                // one line; control characters become spaces
  std::string body;                   // UTF-8
  std::string incident;               // may be empty
  std::string host;                   // host.name
  rules::Tlp tlp = rules::Tlp::none;  // of what it tells
  // Mail only; name → content (reports).
  struct Attachment {
    std::string name;
    std::string type;  // "text/html"
    std::string content;
  };
  std::vector<Attachment> attachments;
};

// Whether the channel must not be told the content.
bool is_withheld(const NotifyChannel& channel, const Notice& notice) noexcept;
// What it is told then: that there is something, where, how bad, and who to ask.
Notice withheld(const NotifyChannel& channel, const Notice& notice);
// The one or the other, as the channel's limit says.
Notice told_to(const NotifyChannel& channel, const Notice& notice);

// Tells what `told_to` says, so that no caller can pass a channel's limit.
// unreachable, timed_out, denied (the other side refused): the message says which side said what.
Result<void> deliver(const NotifyChannel& channel, const Notice& notice, Time now);

// The bytes that would go out. Pure.
std::string render_mail(const NotifyChannel& channel, const Notice& notice, Time now);     // RFC 5322, CRLF
std::string render_webhook(const Notice& notice, Time now);                                // JSON
std::string render_syslog(const Notice& notice, Time now, const std::string& process_id);  // RFC 5424

}  // namespace tocsin::responders
