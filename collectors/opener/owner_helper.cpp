#include "collectors/opener/owner_helper.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "collectors/opener/message.h"
#include "collectors/opener/sandbox.h"
#include "collectors/opener/socket_owner.h"

namespace tocsin::collectors {
namespace {

OpenerReply answer(SocketOwners& owners, const std::string& bytes) {
  OpenerReply reply;
  const auto owner = [&]() -> Result<SocketOwner> {
    TOCSIN_TRY(const auto request, decode_request(as_bytes(bytes)));
    if (request.kind != OpenerRequestKind::socket_owner)
      return fail(Code::denied, "this helper knows owners of sockets only");
    TOCSIN_TRY(const auto question, SocketQuestion::decode(request.fields));
    return owners.find(question);
  }();
  if (owner) reply.fields = owner->encode();
  else reply.error = owner.error();
  return reply;
}

int serve(const OwnedDescriptor& socket, const Clock& clock) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "tocsin-owners");
  SandboxPolicy policy;
  policy.keep = {Capability::sys_ptrace, Capability::dac_read_search};  // the links, and their directory
  policy.landlock = false;
  if (!confine(policy)) return 1;
  SocketOwners owners(clock);
  for (;;) {
    const auto datagram = receive_datagram(socket.get());
    if (!datagram || datagram->bytes.empty()) return 0;
    if (!send_datagram(socket.get(), encode_reply(answer(owners, datagram->bytes)), {})) return 1;
  }
}

}  // namespace

Result<OwnedDescriptor> start_owner_helper(const Clock& clock) {
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return fail_errno("cannot make a socket for the helper", errno);
  OwnedDescriptor ours(pair[0]);
  const OwnedDescriptor theirs(pair[1]);
  const auto child = ::fork();
  if (child < 0) return fail_errno("cannot start the helper", errno);
  if (child == 0) {
    // What the opener has open is not for this one.
    const auto own = static_cast<unsigned>(theirs.get());
    if (own > 3) ::close_range(3, own - 1, 0);
    ::close_range(own + 1, ~0U, 0);
    ::_exit(serve(theirs, clock));
  }
  const timeval patience{2, 0};
  ::setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return ours;
}

}  // namespace tocsin::collectors
