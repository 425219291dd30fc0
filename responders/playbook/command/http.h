#pragma once
// HTTP requests of playbooks (CACAO 2.0 sections 5.4 and 5.8): compiled from templates, filled with typed values that
// are spelled the way their place asks for, and sent with libcurl. A value changes no request line, adds no header and
// ends no string of a body.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/time.h"
#include "responders/playbook/variable/scope.h"

namespace tocsin::responders {

struct HttpText {
  std::string method;
  Template target;  // "/path?query"
  std::vector<std::pair<std::string, Template>> headers;
  Template body;
  std::string unsafe;  // why it may not be sent; empty: it may
};
HttpText compile_http(std::string_view start_line, std::vector<std::pair<std::string, std::string>> headers,
                      std::string_view body);

struct HttpMessage {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};
// denied: a value that its place cannot take (a line break in a header, an object in plain text).
Result<HttpMessage> fill_http(const HttpText& text, const Lookup& lookup);

struct HttpEndpoint {
  bool secure = true;
  std::string host;  // a name or an address, an IPv6 one without brackets
  std::uint16_t port = 443;
  std::string path;  // before the message's target
};
// "https://host:port/path"; invalid with a reason: user information, another scheme, a fragment.
Result<HttpEndpoint> parse_endpoint(std::string_view url);
bool is_host_name(std::string_view name) noexcept;  // letters, digits, '-' and '.', as DNS has them

struct HttpLimits {
  std::size_t body_most = std::size_t{1} << 20U;
  unsigned redirects_most = 3;  // to the same scheme, host and port only
  Duration time = std::chrono::minutes(1);
  std::string authorities;  // file of trusted certificates; empty: the system's
};
struct HttpAnswer {
  long status = 0;
  std::string body;
  bool truncated = false;
};
// unreachable, timed_out, denied (certificate, a redirect to elsewhere), exhausted.
Result<HttpAnswer> send_http(const HttpEndpoint& endpoint, const HttpMessage& message, const HttpLimits& limits);

}  // namespace tocsin::responders
