#pragma once
// One transfer to a channel of the configuration: over HTTP, or a mail to its server. Waits for the other side, at most
// the channel's timeout; any thread. What it answers is hostile input: capped, and not looked at here.

#include <cstddef>
#include <string>

#include "collectors/base/result.h"
#include "responders/action/notify/channel.h"

namespace tocsin::responders {

inline constexpr std::size_t answer_bytes_most = 256U << 10U;

struct HttpRequest {
  std::string url;  // of the configuration
  std::string content_type;
  std::string accept;  // empty: anything
  std::string body;
  std::string key;  // Idempotency-Key
};

struct HttpAnswer {
  long status = 0;
  std::string body;  // at most answer_bytes_most: the rest is left unread
};

// unreachable, timed_out, denied (no 2xx, a redirect too): the message says what the other side said.
Result<HttpAnswer> post(const NotifyChannel& channel, const HttpRequest& request);
// not_found: 404 or 410; else as post.
Result<HttpAnswer> get(const NotifyChannel& channel, const HttpRequest& request);

// By SMTP, as render_mail wrote it. As post.
Result<void> submit_mail(const NotifyChannel& channel, const std::string& message);

// Into one part of a URL: all but the unreserved characters of RFC 3986 are escaped.
std::string escape_url(std::string_view text);

}  // namespace tocsin::responders
