#pragma once
// The way to tocsin-runner for tocsind. Waits for each answer, at most `patience`; one thread at a time. Connects on
// first use and again after a failure; every request is safe to send twice, because a key runs once.

#include <string>

#include "collectors/base/descriptor.h"
#include "responders/playbook/command/protocol.h"

namespace tocsin::responders {

class RunnerClient final : public CommandGateway {
 public:
  explicit RunnerClient(std::string socket_path, Duration patience = std::chrono::seconds(20));

  // All: unreachable when no runner answers, timed_out, and whatever it says.
  Result<GuardVerdict> judge(const CommandRequest& request) override;
  Result<CommandAnswer> run(const CommandRequest& request) override;
  void cancel(const std::string& key) override;
  Result<void> status();

 private:
  Result<std::string> ask(RunnerRequest::Kind kind, const CommandRequest& request);
  Result<std::string> ask_once(std::string_view frame);
  Result<void> connect();

  const std::string path_;
  const Duration patience_;
  OwnedDescriptor socket_;
};

}  // namespace tocsin::responders
