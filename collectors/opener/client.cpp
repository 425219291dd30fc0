#include "collectors/opener/client.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "collectors/opener/message.h"
#include "collectors/opener/opener.h"

namespace tocsin::collectors {
namespace {

void limit_waiting(int socket, Duration patience) {
  const auto all = std::chrono::duration_cast<std::chrono::microseconds>(patience).count();
  timeval limit{all / 1'000'000, all % 1'000'000};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

Result<OwnedDescriptor> connect_to(const std::string& path, Duration patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail(Code::usage, "the opener's socket path is too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  OwnedDescriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("cannot make a socket", errno);
  limit_waiting(socket.get(), patience);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    return fail(error == EACCES || error == EPERM ? Code::denied : Code::unreachable,
                "tocsin-opener does not answer at " + path + " (" + std::strerror(error) +
                    "); start it with `systemctl start tocsin-opener`");
  }
  return socket;
}

}  // namespace

struct OpenerClient::State {
  OwnedDescriptor socket;           // or
  std::unique_ptr<Opener> in_here;  // in-process
  std::string address;              // where to find it again; empty when the socket was given
  Duration patience{};

  Result<OpenerReply> ask(OpenerRequest request) {
    if (in_here) return settle(in_here->answer(request));
    const bool fresh = !socket;
    if (fresh) {
      TOCSIN_TRY(socket, connect_to(address, patience));
    }
    auto reply = exchange(request);
    if (!reply && !address.empty()) {
      // A late answer must not be taken for that of the next request. An opener that was restarted is asked once more:
      // every request only opens or lists.
      socket.reset();
      if (!fresh && reply.error().code == Code::unreachable) {
        TOCSIN_TRY(socket, connect_to(address, patience));
        reply = exchange(request);
        if (!reply) socket.reset();
      }
    }
    if (!reply) return std::unexpected(std::move(reply).error());
    return settle(*std::move(reply));
  }
  // An error here is of the way there or back; what the opener refused is in the reply.
  Result<OpenerReply> exchange(const OpenerRequest& request) {
    TOCSIN_CHECK(send_datagram(socket.get(), encode_request(request), {}));
    auto datagram = receive_datagram(socket.get());
    if (!datagram) return std::unexpected(std::move(datagram).error().within("while waiting for tocsin-opener"));
    if (datagram->bytes.empty())
      return fail(Code::unreachable, "tocsin-opener closed the connection; see `journalctl -u tocsin-opener`");
    TOCSIN_TRY(auto reply, decode_reply(as_bytes(datagram->bytes)));
    reply.descriptors = std::move(datagram->descriptors);
    return reply;
  }
  static Result<OpenerReply> settle(OpenerReply reply) {
    if (reply.error) return std::unexpected(*std::move(reply.error));
    return reply;
  }
  Result<OwnedDescriptor> ask_for_one(OpenerRequestKind kind, const std::string& path) {
    OpenerRequest request{kind, {path}};
    TOCSIN_TRY(auto reply, ask(std::move(request)));
    if (reply.descriptors.size() != 1) return fail(Code::invalid, "tocsin-opener sent no descriptor for " + path);
    return std::move(reply.descriptors.front());
  }
};

OpenerClient::OpenerClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
OpenerClient::OpenerClient(OpenerClient&&) noexcept = default;
OpenerClient& OpenerClient::operator=(OpenerClient&&) noexcept = default;
OpenerClient::~OpenerClient() = default;

Result<OpenerClient> OpenerClient::connect(const std::string& path, Duration patience) {
  TOCSIN_TRY(auto socket, connect_to(path, patience));
  auto client = adopt(std::move(socket), patience);
  client.state_->address = path;
  client.state_->patience = patience;
  return client;
}

OpenerClient OpenerClient::adopt(OwnedDescriptor socket, Duration patience) {
  limit_waiting(socket.get(), patience);
  auto state = std::make_unique<State>();
  state->socket = std::move(socket);
  return OpenerClient(std::move(state));
}

OpenerClient OpenerClient::local(AllowList allowed, const Clock& clock) {
  auto state = std::make_unique<State>();
  state->in_here = std::make_unique<Opener>(std::move(allowed), clock);
  return OpenerClient(std::move(state));
}

Result<OwnedDescriptor> OpenerClient::open_log(const std::string& path) {
  return state_->ask_for_one(OpenerRequestKind::open_log, path);
}
Result<OwnedDescriptor> OpenerClient::bind_socket(const std::string& path) {
  return state_->ask_for_one(OpenerRequestKind::bind_socket, path);
}
Result<OwnedDescriptor> OpenerClient::open_output(const std::string& directory) {
  return state_->ask_for_one(OpenerRequestKind::open_output, directory);
}

Result<SocketOwner> OpenerClient::socket_owner(const SocketQuestion& question) {
  OpenerRequest request{OpenerRequestKind::socket_owner, question.encode()};
  TOCSIN_TRY(const auto reply, state_->ask(std::move(request)));
  return SocketOwner::decode(reply.fields);
}

Result<std::vector<std::string>> OpenerClient::list_logs(const std::string& glob) {
  OpenerRequest request{OpenerRequestKind::list_logs, {glob}};
  TOCSIN_TRY(auto reply, state_->ask(std::move(request)));
  return std::move(reply.fields);
}

Result<std::vector<std::string>> OpenerClient::interfaces() {
  OpenerRequest request{OpenerRequestKind::interfaces, {}};
  TOCSIN_TRY(auto reply, state_->ask(std::move(request)));
  return std::move(reply.fields);
}

Result<OpenedJournal> OpenerClient::open_journal(const std::string& directory) {
  OpenerRequest request{OpenerRequestKind::open_journal, {directory}};
  TOCSIN_TRY(auto reply, state_->ask(std::move(request)));
  if (reply.descriptors.size() != reply.fields.size() + 1)
    return fail(Code::invalid, "tocsin-opener sent names and descriptors that do not fit");
  OpenedJournal journal;
  journal.directory = std::move(reply.descriptors.front());
  journal.names = std::move(reply.fields);
  for (std::size_t i = 1; i < reply.descriptors.size(); ++i) journal.files.push_back(std::move(reply.descriptors[i]));
  return journal;
}

Result<std::vector<OpenedRing>> OpenerClient::open_rings(const RingRequest& ring) {
  OpenerRequest request{OpenerRequestKind::open_rings,
                        {ring.interface, ring.filter, std::to_string(ring.rings), std::to_string(ring.bytes),
                         std::to_string(ring.snapshot), ring.promiscuous ? "1" : "0"}};
  TOCSIN_TRY(auto reply, state_->ask(std::move(request)));
  if (reply.descriptors.size() != reply.fields.size() || reply.fields.empty())
    return fail(Code::invalid, "tocsin-opener sent rings that do not fit their geometry");
  std::vector<OpenedRing> rings;
  for (std::size_t i = 0; i < reply.fields.size(); ++i) {
    TOCSIN_TRY(auto geometry, RingGeometry::decode(as_bytes(reply.fields[i])));
    OpenedRing opened;
    opened.descriptor = std::move(reply.descriptors[i]);
    opened.geometry = geometry;
    rings.push_back(std::move(opened));
  }
  return rings;
}

}  // namespace tocsin::collectors
