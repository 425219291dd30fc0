#include "responders/action/notify/deliver.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
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
// The other side's answer is of no use to us; a hostile one must not fill memory.
std::size_t discard(char*, std::size_t size, std::size_t count, void*) { return size * count; }

Result<void> judge(CURL* easy, CURLcode code, const char* detail, const std::string& name) {
  const std::string what =
      fmt::format("channel {}: {}", name, escape_terminal(*detail != '\0' ? detail : curl_easy_strerror(code)));
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  switch (code) {
    case CURLE_OK: break;
    case CURLE_OPERATION_TIMEDOUT: return fail(Code::timed_out, what);
    case CURLE_LOGIN_DENIED:
    case CURLE_SEND_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED: return fail(Code::denied, what);
    default: return fail(Code::unreachable, what);
  }
  if (status >= 400) return fail(Code::denied, fmt::format("channel {}: the other side answered {}", name, status));
  return {};
}

void set_common(CURL* easy, const NotifyChannel& channel, char* error) {
  curl_easy_setopt(easy, CURLOPT_URL, channel.url.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &discard);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(channel.timeout).count()));
  // Never a redirect: it would send an incident's words to whoever the other side names.
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
}

Result<void> send_mail(const NotifyChannel& channel, const Notice& notice, Time now) {
  const Easy easy(curl_easy_init());
  if (!easy) return fail(Code::exhausted, "libcurl did not start");
  char error[CURL_ERROR_SIZE] = {};
  set_common(easy.get(), channel, error);
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
  const std::string message = render_mail(channel, notice, now);
  Upload upload{message};
  curl_easy_setopt(easy.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_READFUNCTION, &read_upload);
  curl_easy_setopt(easy.get(), CURLOPT_READDATA, &upload);
  const CURLcode code = curl_easy_perform(easy.get());
  return judge(easy.get(), code, error, channel.name);
}

Result<void> send_webhook(const NotifyChannel& channel, const Notice& notice, Time now) {
  const Easy easy(curl_easy_init());
  if (!easy) return fail(Code::exhausted, "libcurl did not start");
  char error[CURL_ERROR_SIZE] = {};
  set_common(easy.get(), channel, error);
  curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  List headers;
  append(headers, "Content-Type: application/json");
  append(headers, "Expect:");
  append(headers, fmt::format("Idempotency-Key: {}", notice.id));
  if (!channel.password.empty()) append(headers, fmt::format("Authorization: Bearer {}", channel.password));
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  const std::string body = render_webhook(notice, now);
  curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  const CURLcode code = curl_easy_perform(easy.get());
  return judge(easy.get(), code, error, channel.name);
}

Result<void> send_datagram(int socket, const std::string& message, const std::string& name) {
  const ssize_t sent = ::send(socket, message.data(), message.size(), MSG_NOSIGNAL);
  const int reason = errno;
  ::close(socket);
  if (sent == static_cast<ssize_t>(message.size())) return {};
  return fail_errno(fmt::format("channel {}: cannot send", name), reason);
}

Result<void> send_local_syslog(const NotifyChannel& channel, const std::string& message) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (channel.url.size() >= sizeof address.sun_path) return fail(Code::invalid, "the syslog socket's path is too long");
  std::memcpy(address.sun_path, channel.url.data(), channel.url.size());
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return fail_errno("cannot make a socket", errno);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int reason = errno;
    ::close(socket);
    return fail_errno(fmt::format("channel {}: cannot reach {}", channel.name, channel.url), reason);
  }
  return send_datagram(socket, message, channel.name);
}

Result<void> send_remote_syslog(const NotifyChannel& channel, const std::string& message) {
  const std::string place = channel.url.substr(6);
  const std::size_t colon = place.rfind(':');
  std::string host = place.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string port = colon == std::string::npos ? "514" : place.substr(colon + 1);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0 || found == nullptr)
    return fail(Code::unreachable, fmt::format("channel {}: cannot resolve {}", channel.name, host));
  const int socket = ::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool connected = socket >= 0 && ::connect(socket, found->ai_addr, found->ai_addrlen) == 0;
  const int reason = errno;
  ::freeaddrinfo(found);
  if (connected) return send_datagram(socket, message, channel.name);
  if (socket >= 0) ::close(socket);
  return fail_errno(fmt::format("channel {}: cannot reach {}", channel.name, place), reason);
}

}  // namespace

bool is_withheld(const NotifyChannel& channel, const Notice& notice) noexcept { return notice.tlp > channel.max_tlp; }

Notice withheld(const NotifyChannel& channel, const Notice& notice) {
  Notice out;
  out.id = notice.id;
  out.severity = notice.severity;
  out.incident = notice.incident;
  out.host = notice.host;
  out.tlp = notice.tlp;
  const std::string label = rules::tlp_label(notice.tlp);
  out.subject = fmt::format("{} on {}: withheld, {}", notice.incident.empty() ? "A message" : notice.incident,
                            notice.host, label);
  out.body = fmt::format("What it is about is marked {}; the most this channel is told is {} (max_tlp).\n", label,
                         channel.max_tlp == rules::Tlp::none ? "nothing marked" : rules::tlp_label(channel.max_tlp));
  if (!notice.incident.empty()) out.body += fmt::format("\nOn the host: tocsin incident show {}\n", notice.incident);
  return out;
}

Result<void> deliver(const NotifyChannel& channel, const Notice& whole, Time now) {
  const bool held = is_withheld(channel, whole);
  const Notice notice = held ? withheld(channel, whole) : whole;
  switch (channel.kind) {
    case NotifyChannel::Kind::mail: return send_mail(channel, notice, now);
    case NotifyChannel::Kind::webhook: return send_webhook(channel, notice, now);
    case NotifyChannel::Kind::syslog: {
      const std::string message = render_syslog(notice, now, std::to_string(::getpid()));
      return channel.url.starts_with("udp://") ? send_remote_syslog(channel, message)
                                               : send_local_syslog(channel, message);
    }
  }
  return fail(Code::invalid, "unknown kind of channel");
}

}  // namespace tocsin::responders
