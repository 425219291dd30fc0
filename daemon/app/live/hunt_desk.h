#pragma once
// Commands of playbooks for tocsind: sigma commands are hunts over its own store, each on a thread of its own that
// gives way; every other command goes to tocsin-runner, where there is one. A hunt reads and changes nothing, so one
// that a crash cut off is simply begun again.
//
// The period of a hunt ends now and begins as many hours ago as the step's in_arg `__hours__` says (default 24, at most
// 31 days). One thread at a time asks.

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "daemon/app/event_hunt.h"
#include "responders/playbook/command/command.h"

namespace tocsin::daemon {

class HuntDesk final : public responders::CommandGateway {
 public:
  // `others` may be null; it and `clock` outlive the desk.
  HuntDesk(HuntPlace place, const Clock& clock, responders::CommandGateway* others);
  ~HuntDesk() override;

  bool carries_out(std::string_view type) const noexcept override;
  Result<responders::GuardVerdict> judge(const responders::CommandRequest& request) override;
  // Of a hunt: outputs "matches", "events", "complete"; the output is the JSON of event_hunt.h.
  Result<responders::CommandAnswer> run(const responders::CommandRequest& request) override;
  void cancel(const std::string& key) override;

 private:
  struct Order {
    std::string rules;
    HuntLimits limits;
  };
  struct Job {
    std::string key;
    std::atomic<bool> stop{false};
    std::atomic<bool> over{false};
    responders::CommandAnswer answer;  // read once `over`
    std::thread thread;
  };
  Result<Order> order_of(const responders::CommandRequest& request) const;
  Result<responders::CommandAnswer> begin(const responders::CommandRequest& request);

  const HuntPlace place_;
  const Clock& clock_;
  responders::CommandGateway* const others_;
  std::deque<std::unique_ptr<Job>> jobs_;  // oldest first; those that are over as long as there is room
};

}  // namespace tocsin::daemon
