#pragma once
// Memory of a process, borrowed from tocsin-responder, which alone may read it. Whoever borrows judges nothing: the
// guard does, by its own policy, and its record says who looked at what. Blocks; any thread.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "responders/action/process_lend_memory/lent.h"
#include "responders/playbook/command/command.h"
#include "responders/playbook/command/process_target.h"

namespace tocsin::responders {

// Each asker has a way of its own, with its own patience. Null: there is no responder.
using LenderFactory = std::function<std::unique_ptr<LendingGateway>(Duration patience)>;

// What the responder is asked for; `number`: which of the command's processes.
Result<ActionRequest> lending_request(const CommandRequest& request, const std::string& playbook,
                                      const ProcessTarget& process, std::size_t number);

// What it would look at, and what the guard says of it.
Result<GuardVerdict> judge_lending(LendingGateway& lender, const ActionRequest& request);

struct BorrowLimits {
  Duration time{};
  const std::atomic<bool>* stop = nullptr;
  // Told while it waits for somebody.
  std::function<void(std::string)> says;
};
struct Borrowed {
  // Copies are large: of those who share the mutex, one at a time has one.
  std::unique_lock<std::timed_mutex> turn;
  LentMemory memory;
};
// Waits for approvers, too. denied, not_found (the process ended), conflict (another one has its number), exhausted, as
// the guard says; timed_out, and conflict when it was stopped: what awaited approval is withdrawn then.
Result<Borrowed> borrow_memory(LendingGateway& lender, const ActionRequest& request, std::timed_mutex& turn,
                               const BorrowLimits& limits);

}  // namespace tocsin::responders
