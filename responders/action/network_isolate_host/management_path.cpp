#include "responders/action/network_isolate_host/management_path.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"

namespace tocsin::responders {
namespace {

constexpr int patience_milliseconds = 500;

// Why not; 0 when the connection was made.
int connect_once(const Endpoint& endpoint) {
  sockaddr_storage address{};
  socklen_t size = 0;
  if (endpoint.address.is_v4()) {
    auto* in = reinterpret_cast<sockaddr_in*>(&address);
    in->sin_family = AF_INET;
    in->sin_port = htons(endpoint.port);
    in->sin_addr.s_addr = htonl(endpoint.address.v4_host_order());
    size = sizeof *in;
  } else {
    auto* in = reinterpret_cast<sockaddr_in6*>(&address);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(endpoint.port);
    std::ranges::copy(endpoint.address.bytes(), in->sin6_addr.s6_addr);
    size = sizeof *in;
  }
  const OwnedDescriptor socket(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{socket.get(), POLLOUT, 0};
  if (::poll(&wait, 1, patience_milliseconds) <= 0) return ETIMEDOUT;
  int problem = 0;
  socklen_t length = sizeof problem;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &problem, &length) == 0 ? problem : errno;
}

}  // namespace

Result<void> prove_management_path(std::span<const Endpoint> endpoints) {
  std::string why;
  for (const Endpoint& endpoint : endpoints) {
    const int problem = connect_once(endpoint);
    if (problem == 0) return {};
    why += fmt::format("{}{} port {}: {}", why.empty() ? "" : "; ", render_address(endpoint.address), endpoint.port,
                       std::strerror(problem));  // NOLINT(concurrency-mt-unsafe): one thread
  }
  return fail(Code::unreachable, fmt::format("the management path is not proven: {}",
                                             why.empty() ? "no endpoint to prove it is configured" : why));
}

}  // namespace tocsin::responders
