#include "responders/action/notify/deliver.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "responders/action/notify/transfer.h"

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 5> kind_names{"mail", "webhook", "syslog", "taxii", "ticket"};

Result<void> send_webhook(const NotifyChannel& channel, const Notice& notice, Time now) {
  TOCSIN_CHECK(post(channel, {.url = channel.url,
                              .content_type = "application/json",
                              .accept = {},
                              .body = render_webhook(notice, now),
                              .key = notice.id}));
  return {};
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

std::string_view channel_kind_name(NotifyChannel::Kind kind) noexcept {
  return kind_names[static_cast<std::size_t>(kind)];
}
std::optional<NotifyChannel::Kind> parse_channel_kind(std::string_view text) noexcept {
  const auto* const found = std::ranges::find(kind_names, text);
  if (found == kind_names.end()) return std::nullopt;
  return static_cast<NotifyChannel::Kind>(found - kind_names.begin());
}

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

Notice told_to(const NotifyChannel& channel, const Notice& notice) {
  return is_withheld(channel, notice) ? withheld(channel, notice) : notice;
}

Result<void> deliver(const NotifyChannel& channel, const Notice& whole, Time now) {
  const Notice notice = told_to(channel, whole);
  switch (channel.kind) {
    case NotifyChannel::Kind::mail: return submit_mail(channel, render_mail(channel, notice, now));
    case NotifyChannel::Kind::webhook: return send_webhook(channel, notice, now);
    case NotifyChannel::Kind::syslog: {
      const std::string message = render_syslog(notice, now, std::to_string(::getpid()));
      return channel.url.starts_with("udp://") ? send_remote_syslog(channel, message)
                                               : send_local_syslog(channel, message);
    }
    case NotifyChannel::Kind::taxii:
    case NotifyChannel::Kind::ticket:
      return fail(Code::invalid, fmt::format("the channel {} is of the kind {}, which takes no messages", channel.name,
                                             channel_kind_name(channel.kind)));
  }
  return fail(Code::invalid, "unknown kind of channel");
}

}  // namespace tocsin::responders
