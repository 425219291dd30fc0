#pragma once
// Serves a command desk on a socket: root, the runner's own user and the users of the policy may ask. A thread for each
// connection, at most 16; the desk is asked by one at a time and never waits for a command.

#include <mutex>
#include <thread>
#include <vector>

#include "collectors/base/log.h"
#include "responders/playbook/command/desk.h"

namespace tocsin::responders {

class CommandServer {
 public:
  // `listener`: a listening stream socket, taken over. `desk` and `log` outlive the server.
  CommandServer(int listener, CommandDesk& desk, Log& log);
  ~CommandServer();
  CommandServer(const CommandServer&) = delete;
  CommandServer& operator=(const CommandServer&) = delete;

  // Until `stop` is readable. `beat` is called at least every second (the watchdog).
  template <class Beat>
  void run(int stop, Beat beat) {
    while (turn(stop)) beat();
  }

 private:
  struct Connection {
    OwnedDescriptor socket;
    std::atomic<bool> over{false};
    std::thread thread;
  };
  bool turn(int stop);
  void accept_one();
  void serve(Connection& connection);
  std::string answer(std::string_view body);
  bool may_ask(int socket, std::uint32_t& user) const;

  const OwnedDescriptor listener_;
  CommandDesk& desk_;
  Log& log_;
  std::mutex mutex_;  // of the desk
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace tocsin::responders
