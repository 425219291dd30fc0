#pragma once
// A command that many agents carry out, as a CommandGateway: a run asks for it like for any other, and its step waits
// until the dispatch is joined. In process now; what stands behind the AgentLink may be a bus. One thread at a time.

#include <map>
#include <memory>

#include "responders/playbook/command/command.h"
#include "responders/playbook/coordinate/dispatch.h"

namespace tocsin::responders {

class DispatchGateway final : public CommandGateway {
 public:
  // Who is concerned, and in which waves: the caller's to say. `id` and `work` are filled in here.
  using Choose = std::function<Result<DispatchSpec>(const CommandRequest& request)>;
  using Records = std::function<std::vector<DispatchRecord>(const std::string& key)>;
  using Write = std::function<Result<void>(const std::string& key, const DispatchRecord& record)>;
  // Everything given by reference outlives it.
  DispatchGateway(AgentLink& link, const Clock& clock, Choose choose, Records records, Write write);

  Result<GuardVerdict> judge(const CommandRequest& request) override;
  // done: completed or partial; outputs "done", "failed", "silent", "state".
  Result<CommandAnswer> run(const CommandRequest& request) override;
  void cancel(const std::string& key) override;

 private:
  AgentLink& link_;
  const Clock& clock_;
  const Choose choose_;
  const Records records_;
  const Write write_;
  std::map<std::string, Dispatch> dispatches_;  // by the request's key
};

}  // namespace tocsin::responders
