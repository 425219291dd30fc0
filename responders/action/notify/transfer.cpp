#include "responders/action/notify/transfer.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

struct EasyDeleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

void append(List& list, const std::string& line) { list.reset(curl_slist_append(list.release(), line.c_str())); }

// `error`: CURL_ERROR_SIZE bytes that outlive the transfer. Redirects are not followed: they would send an incident's
// words to whoever the other side names.
void set_common(CURL* easy, const std::string& url, Duration timeout, char* error) {
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count()));
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
}

// How the transfer itself went; what the other side answered is not looked at.
Result<void> judge_transfer(CURLcode code, const char* detail, const std::string& channel) {
  const std::string what =
      fmt::format("channel {}: {}", channel, escape_terminal(*detail != '\0' ? detail : curl_easy_strerror(code)));
  switch (code) {
    case CURLE_OK: return {};
    case CURLE_OPERATION_TIMEDOUT: return fail(Code::timed_out, what);
    case CURLE_LOGIN_DENIED:
    case CURLE_SEND_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED: return fail(Code::denied, what);
    default: return fail(Code::unreachable, what);
  }
}

// What the mail server says besides its codes is of no use to us.
std::size_t discard(char*, std::size_t size, std::size_t count, void*) { return size * count; }

struct Upload {
  std::string_view left;
};
std::size_t read_upload(char* buffer, std::size_t size, std::size_t count, void* context) {
  auto& upload = *static_cast<Upload*>(context);
  const std::size_t length = std::min(size * count, upload.left.size());
  std::memcpy(buffer, upload.left.data(), length);
  upload.left.remove_prefix(length);
  return length;
}

// The rest is taken and dropped: what was asked for was done before the other side answered, so its length is no reason
// to call it failed.
std::size_t take_answer(char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& answer = *static_cast<std::string*>(context);
  const std::size_t length = size * count;
  answer.append(bytes, std::min(length, answer_bytes_most - answer.size()));
  return length;
}

Result<void> judge_status(long status, const std::string& channel) {
  if (status >= 200 && status < 300) return {};
  const bool away = status >= 300 && status < 400;
  return fail(status == 404 || status == 410 ? Code::not_found : Code::denied,
              fmt::format("channel {}: the other side answered {}{}", channel, status,
                          away ? "; redirects are not followed: set the address it is to be" : ""));
}

Result<HttpAnswer> exchange(const NotifyChannel& channel, const HttpRequest& request, bool posting) {
  const Easy easy(curl_easy_init());
  if (!easy) return fail(Code::exhausted, "libcurl did not start");
  char error[CURL_ERROR_SIZE] = {};
  HttpAnswer out;
  set_common(easy.get(), request.url, channel.timeout, error);
  curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &take_answer);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &out.body);
  List headers;
  if (!request.accept.empty()) append(headers, "Accept: " + request.accept);
  append(headers, "Expect:");
  append(headers, "Idempotency-Key: " + request.key);
  if (!channel.user.empty()) {
    curl_easy_setopt(easy.get(), CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(easy.get(), CURLOPT_USERNAME, channel.user.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_PASSWORD, channel.password.c_str());
  } else if (!channel.password.empty()) {
    append(headers, "Authorization: Bearer " + channel.password);
  }
  if (posting) {
    append(headers, "Content-Type: " + request.content_type);
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  TOCSIN_CHECK(judge_transfer(curl_easy_perform(easy.get()), error, channel.name));
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &out.status);
  TOCSIN_CHECK(judge_status(out.status, channel.name));
  return out;
}

}  // namespace

Result<HttpAnswer> post(const NotifyChannel& channel, const HttpRequest& request) {
  return exchange(channel, request, true);
}

Result<HttpAnswer> get(const NotifyChannel& channel, const HttpRequest& request) {
  return exchange(channel, request, false);
}

Result<void> submit_mail(const NotifyChannel& channel, const std::string& message) {
  const Easy easy(curl_easy_init());
  if (!easy) return fail(Code::exhausted, "libcurl did not start");
  char error[CURL_ERROR_SIZE] = {};
  set_common(easy.get(), channel.url, channel.timeout, error);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &discard);
  curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  const long tls = channel.tls == NotifyChannel::Tls::required        ? CURLUSESSL_ALL
                   : channel.tls == NotifyChannel::Tls::opportunistic ? CURLUSESSL_TRY
                                                                      : CURLUSESSL_NONE;
  curl_easy_setopt(easy.get(), CURLOPT_USE_SSL, tls);
  curl_easy_setopt(easy.get(), CURLOPT_MAIL_FROM, fmt::format("<{}>", channel.from).c_str());
  List recipients;
  for (const std::string& address : channel.to) append(recipients, fmt::format("<{}>", address));
  curl_easy_setopt(easy.get(), CURLOPT_MAIL_RCPT, recipients.get());
  if (!channel.user.empty()) {
    curl_easy_setopt(easy.get(), CURLOPT_USERNAME, channel.user.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_PASSWORD, channel.password.c_str());
  }
  Upload upload{message};
  curl_easy_setopt(easy.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_READFUNCTION, &read_upload);
  curl_easy_setopt(easy.get(), CURLOPT_READDATA, &upload);
  const CURLcode code = curl_easy_perform(easy.get());
  TOCSIN_CHECK(judge_transfer(code, error, channel.name));
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status >= 400)
    return fail(Code::denied, fmt::format("channel {}: the other side answered {}", channel.name, status));
  return {};
}

std::string escape_url(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) out += c;
    else out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace tocsin::responders
