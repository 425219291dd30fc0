#pragma once
// Carries out commands of playbooks on this host, each on a thread of its own, as the policy allows. It reads the text
// of a command from the playbook itself, after checking its signature, and runs a key once: keys are written down
// before their command starts, and one whose end is not known after a restart is answered with `unknown`, never run
// again. run() and judge() may be called from one thread at a time.

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "collectors/base/descriptor.h"
#include "responders/playbook/command/borrow.h"
#include "responders/playbook/command/command.h"
#include "responders/playbook/command/credentials.h"
#include "responders/playbook/command/http.h"
#include "responders/playbook/command/payload.h"
#include "responders/playbook/command/policy.h"
#include "responders/playbook/plan.h"
#include "responders/playbook/signature/signature.h"

namespace tocsin::responders {

// Every .pem and .crt of a directory, those of its `revoked` as revoked. None when there is no such directory.
Result<KeyStore> load_keys(const std::string& directory);

class CommandDesk final : public CommandGateway {
 public:
  // `journal`: a file, made when missing; empty: keys are remembered only as long as this lives. `clock` outlives it.
  // `lender`: the way to memory of processes; null: none is looked into.
  static Result<std::unique_ptr<CommandDesk>> open(CommandPolicy policy, KeyStore keys, const Clock& clock,
                                                   const std::string& journal, LenderFactory lender = nullptr);
  ~CommandDesk() override;

  Result<GuardVerdict> judge(const CommandRequest& request) override;
  Result<CommandAnswer> run(const CommandRequest& request) override;
  void cancel(const std::string& key) override;
  const CommandPolicy& policy() const noexcept { return policy_; }
  void wait_all();  // until nothing runs any more

 private:
  struct Job {
    std::atomic<bool> stop{false};
    std::atomic<bool> over{false};
    std::mutex saying;
    std::string says = "it is running";  // under `saying`
    CommandAnswer answer;                // read once `over`
    bool written = false;
    std::thread thread;
  };
  // A command with everything it needs, as far as it can be checked before it runs.
  struct Order;

  CommandDesk(CommandPolicy policy, KeyStore keys, const Clock& clock, LenderFactory lender);
  Result<void> read_journal(const std::string& path);
  Result<void> write_down(const std::string& key, const CommandAnswer& answer);
  Result<PlanRef> plan_of(const std::string& text);
  GuardVerdict judge_signature(const std::string& text, std::string_view type) const;
  Result<GuardVerdict> resolve(const CommandRequest& request, Order& order);
  Result<GuardVerdict> resolve_ssh(Order& order) const;
  Result<GuardVerdict> resolve_http(Order& order) const;
  Result<GuardVerdict> resolve_yara(const CommandRequest& request, Order& order) const;
  Result<void> add_credentials(Order& order, const std::string& party) const;
  CommandAnswer carry_out(const Order& order, Job& job) const;
  CommandAnswer run_shell(const Order& order, const Job& job) const;
  CommandAnswer run_ssh(const Order& order, const Job& job) const;
  CommandAnswer run_http(const Order& order) const;
  Result<GuardVerdict> resolve_path(const std::string& given, Order& order) const;
  Result<GuardVerdict> judge_memory(const Order& order) const;
  Result<void> look_into(const ActionRequest& request, const std::string& payload, const ScanLimits& limits, Job& job,
                         ScanResult& into) const;
  CommandAnswer run_yara(const Order& order, Job& job) const;

  const CommandPolicy policy_;
  const KeyStore keys_;
  const Credentials credentials_;
  const Clock& clock_;
  const LenderFactory lender_;
  mutable std::timed_mutex memory_turn_;
  OwnedDescriptor journal_;
  std::map<std::string, PlanRef> plans_;  // by digest of their text
  std::map<std::string, std::unique_ptr<Job>> jobs_;
  std::map<std::string, CommandAnswer> over_;
};

}  // namespace tocsin::responders
