#include "responders/guard/server.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "collectors/base/json.h"

namespace tocsin::responders {
namespace {

void write_entry(JsonWriter& writer, const std::string& key, const LedgerEntry& entry) {
  writer.begin_object().member("key", key).member("action", entry.request.action).key("parameters").begin_object();
  for (const auto& [name, value] : entry.request.parameters) writer.member(name, value);
  writer.end_object()
      .member("state", entry_state_name(entry.state))
      .member("time", render_time(entry.request.time))
      .member("changed", render_time(entry.changed))
      .member("incident", entry.request.incident)
      .member("playbook", entry.request.playbook)
      .member("step", entry.request.step)
      .member("reason", entry.request.reason)
      .member("uid", entry.request.behalf_uid != UINT32_MAX ? entry.request.behalf_uid : entry.request.uid)
      .member("detail", entry.detail);
  if (entry.approved_by != UINT32_MAX) writer.member("approved_by", entry.approved_by);
  if (entry.expires) writer.member("expires", render_time(*entry.expires));
  writer.end_object();
}

std::string render_list(const Ledger& ledger) {
  // The newest that fit into one frame.
  std::vector<std::pair<const std::string*, const LedgerEntry*>> order;
  for (const auto& [key, entry] : ledger.all()) order.emplace_back(&key, &entry);
  std::sort(order.begin(), order.end(),
            [](const auto& a, const auto& b) { return a.second->changed > b.second->changed; });
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().member("ok", true).member("total", order.size()).key("entries").begin_array();
  for (const auto& [key, entry] : order) {
    if (out.size() > frame_bytes_most - (48U << 10U)) break;
    write_entry(writer, *key, *entry);
  }
  writer.end_array().end_object();
  return out;
}

std::string render_guard_status(const GuardStatus& status) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("ok", true)
      .member("mode", guard_mode_name(status.mode))
      .member("halted", status.halted)
      .member("live", status.live)
      .member("pending", status.pending)
      .member("unsettled", status.unsettled)
      .member("sequence", status.sequence)
      .member("head", status.head)
      .key("tripped")
      .begin_array();
  for (const std::string& name : status.tripped) writer.value(name);
  writer.end_array().key("actions").begin_object();
  for (const auto& [name, state] : status.actions) writer.member(name, state);
  writer.end_object().end_object();
  return out;
}

std::string render_halt(std::uint32_t undone, const std::vector<std::string>& failed) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().member("ok", true).member("undone", undone).key("failed").begin_array();
  for (const std::string& key : failed) writer.value(key);
  writer.end_array().end_object();
  return out;
}

constexpr const char* plain_yes = "{\"ok\":true}";

template <class T>
std::string answer_of(const Result<T>& result) {
  return result ? render_answer(*result) : render_error(result.error());
}

}  // namespace

Result<Peer> peer_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return fail_errno("cannot tell who is at the other end", errno);
  Peer peer;
  peer.uid = credentials.uid;
  peer.gid = credentials.gid;
  peer.pid = credentials.pid;
  std::array<gid_t, 1024> groups{};
  size = sizeof groups;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0)
    peer.groups.assign(groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(size / sizeof(gid_t)));
  std::ifstream login(fmt::format("/proc/{}/loginuid", peer.pid));
  std::uint32_t login_uid = UINT32_MAX;
  if (login >> login_uid) peer.login_uid = login_uid;
  return peer;
}

namespace {

std::string text_answer(Guard& guard, const GuardRequest& request, const Peer& peer) {
  // Who may change something is judged where it is changed.
  using Kind = GuardRequest::Kind;
  const bool looks = request.kind == Kind::verify || request.kind == Kind::status || request.kind == Kind::list;
  if ((looks && !may_look(guard.policy(), peer)) ||
      (request.kind == Kind::rehearse && !may_rehearse(guard.policy(), request.request, peer)))
    return render_error(Error(
        Code::denied, fmt::format("uid {} has no role with the responder; roles are given in its policy", peer.uid)));
  switch (request.kind) {
    case Kind::rehearse: return answer_of(guard.rehearse(request.request, peer));
    case Kind::apply: return answer_of(guard.apply(request.request, peer));
    case Kind::approve: return answer_of(guard.approve(request.key, request.reason, peer));
    case Kind::verify: return answer_of(guard.verify(request.key, peer));
    case Kind::undo: return answer_of(guard.undo(request.key, request.reason, peer));
    case Kind::halt: {
      std::vector<std::string> failed;
      const auto undone = guard.halt(request.reason, peer, failed);
      return undone ? render_halt(*undone, failed) : render_error(undone.error());
    }
    case Kind::resume: {
      const auto resumed = guard.resume(request.reason, peer);
      return resumed ? std::string(plain_yes) : render_error(resumed.error());
    }
    case Kind::status: return render_guard_status(guard.status());
    case Kind::list: return render_list(guard.ledger());
    case Kind::take: break;
  }
  return render_error(Error(Code::invalid, "unknown kind of request"));
}

}  // namespace

GuardAnswer answer(Guard& guard, std::string_view body, const Peer& peer) {
  const auto request = parse_request(body);
  if (!request) return {render_error(request.error()), {}};
  if (request->kind != GuardRequest::Kind::take) return {text_answer(guard, *request, peer), {}};
  auto taken = guard.take(request->key, peer);
  if (!taken) return {render_error(taken.error()), {}};
  return {plain_yes, std::move(*taken)};
}

GuardServer::GuardServer(int listener, Guard& guard, Log& log) : listener_(listener), guard_(guard), log_(log) {}

GuardServer::~GuardServer() {
  for (const auto& [socket, connection] : connections_) ::close(socket);
  ::close(listener_);
}

bool GuardServer::turn(int stop) {
  std::vector<pollfd> waits{{stop, POLLIN, 0}};
  waits.push_back({connections_.size() < connections_most ? listener_ : -1, POLLIN, 0});
  for (const auto& [socket, connection] : connections_)
    waits.push_back({socket, static_cast<short>(connection.out.empty() ? POLLIN : POLLOUT), 0});
  // Who asks next goes first: its intent makes earlier outcomes durable with it.
  constexpr int pause = 20;    // milliseconds
  constexpr int beat = 1'000;  // milliseconds
  int ready = guard_.rested() ? 0 : ::poll(waits.data(), waits.size(), pause);
  if (ready == 0) {
    guard_.rest();
    ready = ::poll(waits.data(), waits.size(), beat);
  }
  if (ready < 0) return errno == EINTR;
  if (waits[0].revents != 0) return false;
  constexpr std::uint32_t idle_most = 300;
  for (std::size_t i = 2; i < waits.size(); ++i) {
    const int socket = waits[i].fd;
    Connection& connection = connections_[socket];
    bool keep = true;
    if ((waits[i].revents & POLLOUT) != 0) keep = write_to(socket, connection);
    else if ((waits[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) keep = read_from(socket, connection);
    else if (ready == 0) keep = ++connection.idle < idle_most;
    if (waits[i].revents != 0) connection.idle = 0;
    if (keep) continue;
    ::close(socket);
    connections_.erase(socket);
  }
  if (waits[1].revents != 0) accept_one();
  return true;
}

void GuardServer::accept_one() {
  const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (socket < 0) return;
  auto peer = peer_of(socket);
  if (!peer) {
    log_.limited(LogLevel::warning, "peer", peer.error().text());
    ::close(socket);
    return;
  }
  connections_[socket].peer = std::move(*peer);
}

bool GuardServer::read_from(int socket, Connection& connection) {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  connection.in.append(buffer.data(), static_cast<std::size_t>(got));
  return serve(connection) && (connection.out.empty() || write_to(socket, connection));
}

bool GuardServer::serve(Connection& connection) {
  while (connection.in.size() >= frame_header_bytes) {
    const auto length = frame_length(connection.in, frame_bytes_most);
    if (!length) {
      log_.limited(LogLevel::warning, "frame",
                   fmt::format("uid {} sent a frame that is too large", connection.peer.uid));
      return false;
    }
    if (connection.in.size() < frame_header_bytes + *length) return true;
    const std::string body = connection.in.substr(frame_header_bytes, *length);
    connection.in.erase(0, frame_header_bytes + *length);
    GuardAnswer said = answer(guard_, body, connection.peer);
    std::ranges::move(said.descriptors, std::back_inserter(connection.descriptors));
    if (connection.descriptors.size() > descriptors_most) return false;
    auto frame = make_frame(said.text);
    if (!frame) frame = make_frame(render_error(frame.error()));
    if (!frame) return false;
    connection.out += *frame;
    // Whoever asks without reading the answers is not worth the memory.
    if (connection.out.size() > 4 * frame_bytes_most) return false;
  }
  return true;
}

bool GuardServer::write_to(int socket, Connection& connection) {
  while (!connection.out.empty()) {
    std::vector<int> beside;
    beside.reserve(connection.descriptors.size());
    for (const OwnedDescriptor& descriptor : connection.descriptors) beside.push_back(descriptor.get());
    const ssize_t sent = send_with_descriptors(socket, connection.out, beside, 0);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    connection.descriptors.clear();  // the kernel has them
    connection.out.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace tocsin::responders
