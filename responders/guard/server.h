#pragma once
// Serves the guard on a socket: accepts, reads frames, answers. One thread; a slow or silent peer holds nobody up,
// except while an action itself takes time.

#include <atomic>
#include <map>
#include <string>

#include "collectors/base/log.h"
#include "responders/guard/guard.h"
#include "responders/guard/protocol.h"

namespace tocsin::responders {

// As the kernel says of the other end (SO_PEERCRED, SO_PEERGROUPS, /proc/PID/loginuid).
Result<Peer> peer_of(int socket);

struct GuardAnswer {
  std::string text;
  std::vector<OwnedDescriptor> descriptors;
};
// The answer to one request. Never fails: an error is an answer too.
GuardAnswer answer(Guard& guard, std::string_view body, const Peer& peer);

class GuardServer {
 public:
  // `listener`: a listening stream socket, taken over. `guard` and `log` outlive the server.
  GuardServer(int listener, Guard& guard, Log& log);
  ~GuardServer();
  GuardServer(const GuardServer&) = delete;
  GuardServer& operator=(const GuardServer&) = delete;

  // Until `stop` is readable. `beat` is called at least every second (the watchdog).
  template <class Beat>
  void run(int stop, Beat beat) {
    while (turn(stop)) beat();
  }

 private:
  struct Connection {
    Peer peer;
    std::string in;
    std::string out;
    std::vector<OwnedDescriptor> descriptors;  // go with the next byte
    std::uint32_t idle = 0;                    // turns of a second
  };
  static constexpr std::size_t connections_most = 64;

  bool turn(int stop);
  void accept_one();
  bool read_from(int socket, Connection& connection);
  bool write_to(int socket, Connection& connection);
  bool serve(Connection& connection);

  const int listener_;
  Guard& guard_;
  Log& log_;
  std::map<int, Connection> connections_;
};

}  // namespace tocsin::responders
