#pragma once
// The way to tocsin-responder for tocsind and the command line. Waits for the answer, at most `patience`; one thread
// at a time. Connects on first use and again after a failure.

#include <string>

#include "responders/action/request.h"
#include "responders/guard/protocol.h"

namespace tocsin::responders {

class ResponderClient final : public LendingGateway {
 public:
  explicit ResponderClient(std::string socket_path, Duration patience = std::chrono::seconds(30));
  ~ResponderClient() override;
  ResponderClient(const ResponderClient&) = delete;
  ResponderClient& operator=(const ResponderClient&) = delete;

  // All: unreachable when no responder answers, timed_out, and whatever the guard says (denied, conflict, …).
  Result<Rehearsed> rehearse(const ActionRequest& request) override;
  Result<Applied> apply(const ActionRequest& request) override;
  Result<Verification> verify(const std::string& key) override;
  Result<Outcome> undo(const std::string& key, const std::string& reason) override;
  Result<std::vector<OwnedDescriptor>> take(const std::string& key) override;
  Result<Applied> approve(const std::string& key, const std::string& reason);
  // {"ok":true,"undone":N,"failed":[keys]}
  Result<std::string> halt(const std::string& reason);
  Result<std::string> resume(const std::string& reason);
  // JSON objects as the responder sends them: mode, halted, live, pending, sequence, head, actions; and entries.
  Result<std::string> status();
  Result<std::string> list();

 private:
  using Descriptors = std::vector<OwnedDescriptor>;
  Result<std::string> ask(const GuardRequest& request) {
    Descriptors none;
    return ask(request, none);
  }
  // What comes beside the answer is appended.
  Result<std::string> ask(const GuardRequest& request, Descriptors& beside);
  Result<std::string> ask_once(const std::string& frame, Descriptors& beside);
  Result<void> connect();
  void disconnect() noexcept;

  const std::string path_;
  const Duration patience_;
  int socket_ = -1;
};

}  // namespace tocsin::responders
