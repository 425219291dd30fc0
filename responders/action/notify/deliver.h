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
  std::string id;        // idempotency key: Message-ID, and "id" in the webhook's body
  std::string severity;  // "info", "warning", "critical"
  std::string subject;   // one line; control characters become spaces
  std::string body;      // UTF-8
  std::string incident;  // may be empty
  std::string host;      // host.name
  // Mail only; name → content (reports).
  struct Attachment {
    std::string name;
    std::string type;  // "text/html"
    std::string content;
  };
  std::vector<Attachment> attachments;
};

// unreachable, timed_out, denied (the other side refused): the message says which side said what.
Result<void> deliver(const NotifyChannel& channel, const Notice& notice, Time now);

// The bytes that would go out. Pure.
std::string render_mail(const NotifyChannel& channel, const Notice& notice, Time now);     // RFC 5322, CRLF
std::string render_webhook(const Notice& notice, Time now);                                // JSON
std::string render_syslog(const Notice& notice, Time now, const std::string& process_id);  // RFC 5424

}  // namespace tocsin::responders
