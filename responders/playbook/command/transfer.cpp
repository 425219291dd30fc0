// HTTP over libcurl, with the caps of a playbook's commands.

#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "collectors/base/address.h"
#include "collectors/base/text.h"
#include "responders/playbook/command/http.h"

namespace tocsin::responders {
namespace {

struct EasyDeleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
struct UrlDeleter {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
struct Body {
  HttpAnswer* answer;
  std::size_t most;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* context) {
  const Body& body = *static_cast<Body*>(context);
  const std::size_t length = size * count;
  const std::size_t room = body.most - std::min(body.most, body.answer->body.size());
  body.answer->body.append(data, std::min(length, room));
  if (length <= room) return length;
  body.answer->truncated = true;
  return 0;  // ends the transfer
}

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

std::string url_of(const HttpEndpoint& endpoint, std::string_view target) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}{}{}", endpoint.secure ? "https" : "http", v6 ? "[" : "", endpoint.host,
                     v6 ? "]" : "", endpoint.port, endpoint.path, target);
}

Result<void> judge(CURLcode code, const char* detail, const HttpAnswer& answer) {
  if (answer.truncated) return {};
  const std::string what = escape_terminal(*detail != '\0' ? detail : curl_easy_strerror(code));
  switch (code) {
    case CURLE_OK: return {};
    case CURLE_OPERATION_TIMEDOUT: return fail(Code::timed_out, what);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return fail(Code::denied, what);
    default: return fail(Code::unreachable, what);
  }
}

// One exchange. `next` is where the server sends us, if it does.
Result<HttpAnswer> exchange(const std::string& url, const HttpMessage& message, const HttpLimits& limits,
                            std::string& next) {
  const std::unique_ptr<CURL, EasyDeleter> easy(curl_easy_init());
  if (!easy) return fail(Code::exhausted, "libcurl did not start");
  HttpAnswer answer;
  Body body{&answer, limits.body_most};
  char error[CURL_ERROR_SIZE] = {};
  const auto set = [&](auto option, auto value) { curl_easy_setopt(easy.get(), option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_ERRORBUFFER, error);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!limits.authorities.empty()) set(CURLOPT_CAINFO, limits.authorities.c_str());
  set(CURLOPT_TIMEOUT_MS,
      static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(limits.time).count()));
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, &body);
  set(CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
  if (message.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (!message.body.empty() || message.method == "POST" || message.method == "PUT" || message.method == "PATCH") {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(message.body.size()));
    set(CURLOPT_POSTFIELDS, message.body.data());
  }
  set(CURLOPT_CUSTOMREQUEST, message.method.c_str());
  std::unique_ptr<curl_slist, ListDeleter> headers;
  const auto add = [&](const std::string& line) { headers.reset(curl_slist_append(headers.release(), line.c_str())); };
  add("Expect:");
  bool typed = false;
  for (const auto& [name, value] : message.headers) {
    typed = typed || equals_ignoring_case(name, "content-type");
    add(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  if (!typed) add("Content-Type: application/json");
  set(CURLOPT_HTTPHEADER, headers.get());
  const CURLcode code = curl_easy_perform(easy.get());
  TOCSIN_CHECK(judge(code, error, answer));
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  char* redirect = nullptr;
  curl_easy_getinfo(easy.get(), CURLINFO_REDIRECT_URL, &redirect);
  if (redirect != nullptr) next = redirect;
  return answer;
}

}  // namespace

Result<HttpEndpoint> parse_endpoint(std::string_view text) {
  const std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
  const std::string copy(text);
  if (!url || curl_url_set(url.get(), CURLUPART_URL, copy.c_str(), 0) != CURLUE_OK)
    return fail(Code::invalid, fmt::format("\"{}\" is not a URL", escape_terminal(text.substr(0, 100))));
  HttpEndpoint out;
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") return fail(Code::invalid, "a URL of http or https is expected");
  if (!part_of(url.get(), CURLUPART_USER).empty() || !part_of(url.get(), CURLUPART_QUERY).empty() ||
      !part_of(url.get(), CURLUPART_FRAGMENT).empty())
    return fail(Code::invalid, "the URL of an agent or target has scheme, host, port and path only");
  out.secure = scheme == "https";
  out.host = part_of(url.get(), CURLUPART_HOST);
  if (out.host.starts_with('[')) out.host = out.host.substr(1, out.host.size() - 2);
  if (!is_host_name(out.host) && !parse_address(out.host)) return fail(Code::invalid, "the URL's host is no host");
  const auto port = parse_unsigned(part_of(url.get(), CURLUPART_PORT));
  out.port = port ? static_cast<std::uint16_t>(*port) : out.secure ? 443 : 80;
  out.path = part_of(url.get(), CURLUPART_PATH);
  while (out.path.ends_with('/')) out.path.pop_back();
  return out;
}

Result<HttpAnswer> send_http(const HttpEndpoint& endpoint, const HttpMessage& message, const HttpLimits& limits) {
  std::string url = url_of(endpoint, message.target);
  HttpMessage sent = message;
  for (unsigned redirects = 0;; ++redirects) {
    std::string next;
    TOCSIN_TRY(HttpAnswer answer, exchange(url, sent, limits, next));
    if (next.empty() || answer.status < 300 || answer.status > 399) return answer;
    if (redirects == limits.redirects_most)
      return fail(Code::denied, fmt::format("the server redirects more than {} times", limits.redirects_most));
    const auto there = parse_endpoint(next.substr(0, next.find_first_of("?#")));
    // Elsewhere the credentials and the content are nobody's business.
    if (!there || there->secure != endpoint.secure || there->host != endpoint.host || there->port != endpoint.port)
      return fail(Code::denied,
                  fmt::format("the server redirects to another place: {}", escape_terminal(next.substr(0, 200))));
    // RFC 9110 section 15.4: only 307 and 308 keep the method.
    if (answer.status != 307 && answer.status != 308 && sent.method != "HEAD") {
      sent.method = "GET";
      sent.body.clear();
    }
    url = next;
  }
}

}  // namespace tocsin::responders
