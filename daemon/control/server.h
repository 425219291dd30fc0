#pragma once
// The control socket of tocsind. One thread does all reading and writing; handlers run on a worker pool. Wire format in
// README.md. Hostile clients: frames, connections, calls in flight and unread answers are capped; a half-sent frame and
// a client that stops reading are dropped after a time.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/control/method.h"
#include "daemon/control/role.h"

namespace tocsin::daemon {

// After each call, on a worker thread: for metrics and the audit journal. `outcome` is "ok" or a code name.
using CallObserver = std::function<void(const Peer&, std::string_view method, std::string_view outcome)>;

struct ControlOptions {
  std::string path;   // bound here when `listener` is not given; a stale socket file is replaced
  int listener = -1;  // a listening socket from systemd or the opener; owned by the server
  RolePolicy policy;
  std::size_t connections_most = 64;
  std::size_t connections_of_one_user_most = 32;
  std::size_t calls_most = 16;  // in flight, all connections; also the size of the worker pool
  std::size_t calls_of_one_connection_most = 4;
  std::size_t unread_most = 8U << 20U;  // bytes of answers waiting for one client
  Duration slow_reader = std::chrono::seconds{20};
  Duration half_frame = std::chrono::seconds{10};
  CallObserver observer;
};

class ControlServer {
 public:
  // `methods` outlives the server. conflict: another daemon answers at `path`.
  static Result<ControlServer> start(ControlOptions options, const MethodTable& methods);
  ControlServer(ControlServer&&) noexcept;
  ControlServer& operator=(ControlServer&&) noexcept;
  ~ControlServer();  // stops

  // No new calls; running handlers see their Reply refuse; waits for them. Removes the socket file it made.
  void stop();
  std::size_t connections() const noexcept;

 private:
  struct State;
  explicit ControlServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::daemon
