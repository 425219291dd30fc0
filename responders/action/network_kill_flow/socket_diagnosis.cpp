#include "responders/action/network_kill_flow/socket_diagnosis.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "collectors/base/descriptor.h"

namespace tocsin::responders {
namespace {

struct Message {
  nlmsghdr header;
  inet_diag_req_v2 request;
};

using Found = std::vector<std::pair<std::uint8_t, inet_diag_sockid>>;
using Wanted = std::function<bool(const TcpConnection&)>;

constexpr std::uint32_t wanted_states = 1U << TCP_ESTABLISHED | 1U << TCP_SYN_SENT | 1U << TCP_SYN_RECV |
                                        1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSE_WAIT |
                                        1U << TCP_LAST_ACK | 1U << TCP_CLOSING;

IpAddress address_of(std::uint8_t family, const std::uint32_t* words) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(words);
  return family == AF_INET ? IpAddress::v4(Bytes(bytes, 4)) : IpAddress::v6(Bytes(bytes, 16)).unmapped();
}

TcpConnection connection_of(std::uint8_t family, const inet_diag_sockid& id) {
  return {address_of(family, id.idiag_src), ntohs(id.idiag_sport), address_of(family, id.idiag_dst),
          ntohs(id.idiag_dport)};
}

Result<void> send(int socket, std::uint16_t type, std::uint16_t flags, const inet_diag_req_v2& request) {
  Message message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = type;
  message.header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  message.request = request;
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::sendto(socket, &message, sizeof message, 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) < 0)
    return fail_errno("cannot ask the kernel for its connections", errno);
  return {};
}

inet_diag_req_v2 request_of(std::uint8_t family) {
  inet_diag_req_v2 out{};
  out.sdiag_family = family;
  out.sdiag_protocol = IPPROTO_TCP;
  out.idiag_states = wanted_states;
  return out;
}

// True when the list is at its end.
Result<bool> read_list(int socket, std::uint8_t family, const Wanted& wanted, std::size_t most, Found& out) {
  alignas(nlmsghdr) std::array<char, 32768> buffer{};
  const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
  if (got < 0 && errno == EINTR) return false;
  if (got <= 0) return fail_errno("the kernel did not answer for its connections", errno);
  auto left = static_cast<std::uint32_t>(got);
  for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
       header = NLMSG_NEXT(header, left)) {
    if (header->nlmsg_type == NLMSG_DONE) return true;
    if (header->nlmsg_type == NLMSG_ERROR) return fail(Code::failure, "the kernel does not list its connections");
    if (header->nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) continue;
    inet_diag_msg entry{};
    std::memcpy(&entry, NLMSG_DATA(header), sizeof entry);
    if (out.size() < most && wanted(connection_of(family, entry.id))) out.emplace_back(family, entry.id);
  }
  return false;
}

Result<Found> find(int socket, const Wanted& wanted, std::size_t most) {
  Found out;
  for (const int family : {AF_INET, AF_INET6}) {
    const auto narrow = static_cast<std::uint8_t>(family);
    TOCSIN_CHECK(send(socket, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, request_of(narrow)));
    for (bool done = false; !done;) {
      TOCSIN_TRY(done, read_list(socket, narrow, wanted, most, out));
    }
  }
  return out;
}

// 0, or why it was not ended.
int end_one(int socket, std::uint8_t family, const inet_diag_sockid& id) {
  inet_diag_req_v2 request = request_of(family);
  request.id = id;
  if (!send(socket, SOCK_DESTROY, NLM_F_ACK, request)) return EIO;
  alignas(nlmsghdr) std::array<char, 4096> buffer{};
  const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
  const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
  if (got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(nlmsgerr))) || header->nlmsg_type != NLMSG_ERROR) return EIO;
  nlmsgerr answer{};
  std::memcpy(&answer, NLMSG_DATA(header), sizeof answer);
  return -answer.error;
}

Result<OwnedDescriptor> open_diagnosis() {
  OwnedDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!socket) return fail_errno("cannot open the kernel's list of connections", errno);
  return socket;
}

}  // namespace

Result<std::vector<TcpConnection>> list_connections(const Wanted& wanted, std::size_t most) {
  TOCSIN_TRY(const OwnedDescriptor socket, open_diagnosis());
  TOCSIN_TRY(const Found found, find(socket.get(), wanted, most));
  std::vector<TcpConnection> out;
  for (const auto& [family, id] : found) out.push_back(connection_of(family, id));
  return out;
}

Result<std::size_t> end_connections(const Wanted& wanted, std::size_t most) {
  TOCSIN_TRY(const OwnedDescriptor socket, open_diagnosis());
  TOCSIN_TRY(const Found found, find(socket.get(), wanted, most));
  std::size_t ended = 0;
  for (const auto& [family, id] : found) {
    const int problem = end_one(socket.get(), family, id);
    if (problem == EOPNOTSUPP) return fail(Code::not_found, "this kernel cannot end connections (INET_DIAG_DESTROY)");
    if (problem == EPERM) return fail(Code::denied, "ending connections needs CAP_NET_ADMIN");
    if (problem == 0) ++ended;  // one that ended by itself meanwhile is none of ours
  }
  return ended;
}

}  // namespace tocsin::responders
