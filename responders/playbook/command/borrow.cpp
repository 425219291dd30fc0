#include "responders/playbook/command/borrow.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "responders/action/process_lend_memory/process_lend_memory.h"

namespace tocsin::responders {
namespace {

using Monotonic = std::chrono::steady_clock;
constexpr auto slice = std::chrono::milliseconds(100);
constexpr auto ask_again = std::chrono::seconds(1);

class Borrower {
 public:
  Borrower(LendingGateway& lender, const ActionRequest& request, std::timed_mutex& turn, const BorrowLimits& limits)
      : lender_(lender), request_(request), turn_(turn), limits_(limits), until_(Monotonic::now() + limits.time) {}

  Result<Borrowed> run() {
    while (true) {
      TOCSIN_TRY(auto held, my_turn());
      auto applied = lender_.apply(request_);
      if (!applied) return std::unexpected(std::move(applied).error());
      const Outcome& outcome = applied->outcome;
      if (outcome.state == Outcome::State::unknown || outcome.state == Outcome::State::undone)
        return fail(Code::conflict, outcome.summary);
      if (outcome.state != Outcome::State::pending) return take(std::move(held));
      held.unlock();
      if (limits_.says) limits_.says(outcome.summary);
      if (auto waited = wait(); !waited) {
        // Nobody is left who would look at it. When this fails, it expires by itself.
        [[maybe_unused]] const auto withdrawn = lender_.undo(request_.key, "nobody waits for it any more");
        return std::unexpected(std::move(waited).error());
      }
    }
  }

 private:
  Result<void> go_on() const {
    if (limits_.stop != nullptr && limits_.stop->load()) return fail(Code::conflict, "the scan was cancelled");
    if (Monotonic::now() >= until_) return fail(Code::timed_out, "the scan took longer than it may");
    return {};
  }
  Result<void> wait() const {
    for (const auto again = Monotonic::now() + ask_again; Monotonic::now() < again;) {
      TOCSIN_CHECK(go_on());
      std::this_thread::sleep_for(slice);
    }
    return {};
  }
  Result<std::unique_lock<std::timed_mutex>> my_turn() {
    std::unique_lock<std::timed_mutex> out(turn_, std::defer_lock);
    while (!out.try_lock_for(slice)) TOCSIN_CHECK(go_on());
    TOCSIN_CHECK(go_on());
    return out;
  }
  Result<Borrowed> take(std::unique_lock<std::timed_mutex> held) {
    TOCSIN_TRY(auto descriptors, lender_.take(request_.key));
    if (descriptors.size() != 2) return fail(Code::invalid, "the responder did not hand over what it lent");
    TOCSIN_TRY(auto memory, LentMemory::open(std::move(descriptors[0]), std::move(descriptors[1])));
    return Borrowed{std::move(held), std::move(memory)};
  }

  LendingGateway& lender_;
  const ActionRequest& request_;
  std::timed_mutex& turn_;
  const BorrowLimits& limits_;
  const Monotonic::time_point until_;
};

}  // namespace

Result<ActionRequest> lending_request(const CommandRequest& request, const std::string& playbook,
                                      const ProcessTarget& process, std::size_t number) {
  ActionRequest out;
  out.action = process_lend_memory_spec.name;
  // A key of its own for each process, as long as the longest that is allowed.
  constexpr std::size_t shown = 40;
  out.key = fmt::format("lend-{}-{}", render_digest(sha256(as_bytes(request.key))).substr(0, shown), number);
  out.parameters.emplace_back("pid", std::to_string(process.pid));
  if (process.started) out.parameters.emplace_back("started", std::to_string(*process.started));
  if (!process.executable.empty()) out.parameters.emplace_back("executable", process.executable);
  TOCSIN_TRY(const Parameters parameters, parse_parameters(process_lend_memory_spec, out.parameters));
  out.incident = request.incident;
  out.playbook = playbook;
  out.step = request.step;
  out.reason = request.reason.empty() ? "a yara command of a playbook" : request.reason;
  out.marked = request.marked;
  out.behalf = request.behalf;
  request.cause.fill(out, process_lend_memory_spec, parameters);
  return out;
}

Result<GuardVerdict> judge_lending(LendingGateway& lender, const ActionRequest& request) {
  TOCSIN_TRY(const Rehearsed rehearsed, lender.rehearse(request));
  GuardVerdict out = rehearsed.verdict;
  const bool refused = out.kind == GuardVerdict::Kind::refused;
  if (!refused && !rehearsed.forecast.obstacle.empty())
    return GuardVerdict{GuardVerdict::Kind::refused, "process", rehearsed.forecast.obstacle};
  std::string what;
  for (const std::string& sentence : rehearsed.forecast.now) what += (what.empty() ? "" : "; ") + sentence;
  if (what.empty()) what = rehearsed.forecast.obstacle;
  if (!what.empty()) out.reason = fmt::format("it would look into the memory of {}: {}", what, out.reason);
  return out;
}

Result<Borrowed> borrow_memory(LendingGateway& lender, const ActionRequest& request, std::timed_mutex& turn,
                               const BorrowLimits& limits) {
  return Borrower(lender, request, turn, limits).run();
}

}  // namespace tocsin::responders
