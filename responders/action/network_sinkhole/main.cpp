// tocsin-sinkhole: answers the DNS questions that network.sinkhole leads to it, on loopback alone, and says on its
// output which names were asked for. Keeps nothing, asks nobody, needs no privilege.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"
#include "collectors/base/text.h"
#include "collectors/base/time.h"
#include "responders/action/network_sinkhole/answer.h"
#include "responders/action/network_sinkhole/name_rules.h"

namespace {

using namespace tocsin;
using namespace tocsin::responders;

constexpr const char* usage_text =
    "usage: tocsin-sinkhole\n"
    "\n"
    "Refuses the DNS questions that the action network.sinkhole leads to port 53053 of 127.0.0.1 and ::1.\n";

template <class Address>
Result<OwnedDescriptor> listen_at(int family, const Address& address) {
  OwnedDescriptor out(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!out) return fail_errno("cannot make a socket", errno);
  const int yes = 1;
  if (family == AF_INET6) ::setsockopt(out.get(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  if (::bind(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno(fmt::format("cannot listen at port {} of the loopback", sinkhole_port), errno);
  return out;
}

Result<OwnedDescriptor> listen_v4() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(sinkhole_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return listen_at(AF_INET, address);
}

Result<OwnedDescriptor> listen_v6() {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(sinkhole_port);
  address.sin6_addr = in6addr_loopback;
  return listen_at(AF_INET6, address);
}

// So many lines in a second at most: whoever asks must not fill the journal.
class Lines {
 public:
  void say(const std::string& name) {
    constexpr unsigned lines_most = 20;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec != second_) {
      if (untold_ != 0) std::printf("%u more questions\n", untold_);
      second_ = now.tv_sec;
      told_ = untold_ = 0;
    }
    if (++told_ > lines_most) ++untold_;
    else std::printf("refused: %s\n", escape_terminal(name).c_str());
    std::fflush(stdout);
  }

 private:
  time_t second_ = 0;
  unsigned told_ = 0, untold_ = 0;
};

void serve(int socket, Lines& lines) {
  std::array<char, 4096> buffer{};
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  const ssize_t got = ::recvfrom(socket, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (got <= 0) return;
  const auto answer = sinkhole_answer({buffer.data(), static_cast<std::size_t>(got)});
  if (!answer) return;
  // Lost answers are asked for again.
  [[maybe_unused]] const auto sent = ::sendto(socket, answer->message.data(), answer->message.size(), MSG_DONTWAIT,
                                              reinterpret_cast<const sockaddr*>(&from), size);
  lines.say(answer->name);
}

Result<void> run() {
  TOCSIN_TRY(const OwnedDescriptor v4, listen_v4());
  auto v6 = listen_v6();  // a host without IPv6 has none
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  std::array<pollfd, 2> waits{{{v4.get(), POLLIN, 0}, {v6 ? v6->get() : -1, POLLIN, 0}}};
  Lines lines;
  std::printf("listening at port %u\n", static_cast<unsigned>(sinkhole_port));
  std::fflush(stdout);
  for (;;) {
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return fail_errno("cannot wait", errno);
    for (const pollfd& wait : waits)
      if ((wait.revents & POLLIN) != 0) serve(wait.fd, lines);
  }
}

}  // namespace

int main(int count, char** /*words*/) {
  if (count > 1) {
    std::fputs(usage_text, stderr);
    return exit_status(Code::usage);
  }
  const auto done = run();
  std::fprintf(stderr, "tocsin-sinkhole: %s\n", done.error().text().c_str());
  return exit_status(done.error().code);
}
