#pragma once
// The safety kernel in front of every action: judges at plan and again at apply, writes the intent down before the
// effect and the outcome after it, keeps one effect per key, undoes, halts, and after a crash finds out what happened.
// One thread (the server's). It lives inside tocsin-responder, which alone holds the privileges.

#include <memory>
#include <string>
#include <vector>

#include "responders/action/environment.h"
#include "responders/action/request.h"
#include "responders/guard/judge.h"
#include "responders/guard/ledger.h"
#include "responders/guard/never_touch.h"
#include "responders/guard/policy.h"
#include "responders/guard/record.h"

namespace tocsin::responders {

struct GuardStatus {
  GuardMode mode = GuardMode::rehearse;
  bool halted = false;
  std::uint32_t live = 0;
  std::uint32_t pending = 0;
  std::vector<std::string> tripped;  // actions whose automation was stopped; resume lifts it
  std::uint64_t unsettled = 0;       // times that something due could not be undone or written down
  std::uint64_t sequence = 0;        // of the journal
  std::string head;                  // its hash
  std::vector<std::pair<std::string, std::string>> actions;  // name → "ready", or why it cannot be applied
};

// How the detail of an effect begins that is still there because undoing it failed.
inline constexpr std::string_view undo_failed = "undoing failed";

GuardRecord signed_by(GuardRecord record, const Peer& peer);
bool may_respond(const Policy& policy, const Peer& peer);

class Guard {
 public:
  using Actions = std::vector<std::unique_ptr<Action>>;

  // Opens the journal at `journal_path` and settles what a crash left open. `policy`, `facts`, `clock` outlive it.
  static Result<std::unique_ptr<Guard>> open(const Policy& policy, HostFacts& facts, const Clock& clock,
                                             Actions actions, const std::string& journal_path);

  Result<Rehearsed> rehearse(const ActionRequest& request, const Peer& peer);
  // denied: refused, or nobody approved it in time. In state pending it awaits approval, under its key.
  Result<Applied> apply(const ActionRequest& request, const Peer& peer);
  // Of a pending one, by an approver who neither asked for it nor had it asked; where the policy wants several, the
  // outcome stays pending until the last of them. Of one in effect that awaits confirmation: it is confirmed.
  Result<Applied> approve(const std::string& key, const std::string& reason, const Peer& peer);
  Result<Verification> verify(const std::string& key, const Peer& peer);
  Result<Outcome> undo(const std::string& key, const std::string& reason, const Peer& peer);
  // What was applied under the key and gives descriptors, to the same user, with the role reader, and once. The record
  // says that it was taken, before it is handed over.
  Result<std::vector<OwnedDescriptor>> take(const std::string& key, const Peer& peer);
  // Stops all automation and undoes what is live and can be undone. Gives how many were undone; `failed` names those
  // that could not be.
  Result<std::uint32_t> halt(const std::string& reason, const Peer& peer, std::vector<std::string>& failed);
  Result<void> resume(const std::string& reason, const Peer& peer);
  // What time asks for; called about once a second. Makes durable what is not yet, renews leases, undoes what has had
  // its time or was not confirmed, and takes back what must not be touched any more: addresses, sessions and the policy
  // change while effects last.
  void tick();
  // When there is a pause: the outcomes of what was done become durable.
  void rest();
  bool rested() const noexcept { return journal_->synced(); }
  // A new policy is in force from now on: what is live is looked at again at once.
  void policy_changed();
  GuardStatus status() const;
  const Ledger& ledger() const noexcept { return ledger_; }
  const Policy& policy() const noexcept { return policy_; }
  // Why an action cannot be applied by this process ("needs CAP_NET_ADMIN"); shown by status.
  void set_unavailable(std::string action, std::string reason);

 private:
  Guard(const Policy& policy, HostFacts& facts, const Clock& clock, Actions actions)
      : policy_(policy), facts_(facts), clock_(clock), actions_(std::move(actions)) {}

  Action* find(std::string_view name) const;
  Result<ActionRequest> with_document(const ActionSpec& spec, const ActionRequest& request) const;
  Facts facts_for(const ActionSpec& spec, const Parameters& parameters, const ActionRequest& request, const Peer& peer);
  Result<void> note(GuardRecord record, Sync when = Sync::now);
  GuardRecord record_of(const ActionRequest& request, const Peer& peer, std::string kind) const;
  Result<Applied> known(const LedgerEntry& entry, const ActionRequest& request);
  Applied pending(const std::string& key, Time expires) const;
  Result<Applied> confirm(const std::string& key, const std::string& reason, const Peer& peer);
  std::optional<Applied> one_of_several(const LedgerEntry& entry, const ActionSpec& spec, const std::string& reason,
                                        const Peer& peer, Result<void>& noted);
  void trip_if_troubled(const std::string& action);
  void renew_leases();
  void end_what_is_over();
  void recheck();
  void take_back(const std::string& key, std::string why);
  std::vector<std::string> live_keys() const;
  Result<Applied> carry_out(Action& action, const Parameters& parameters, GuardRecord intent);
  Result<Outcome> undo_entry(const std::string& key, GuardRecord record);
  void note_anyway(GuardRecord record);
  void settle();
  void settle_entry(const std::string& key);

  const Policy& policy_;
  HostFacts& facts_;
  const Clock& clock_;
  Actions actions_;
  std::unique_ptr<GuardJournal> journal_;
  Ledger ledger_;
  std::vector<std::pair<std::string, std::string>> unavailable_;
  Time next_recheck_{};
  std::uint64_t unsettled_ = 0;
};

}  // namespace tocsin::responders
