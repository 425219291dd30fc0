// What the guard does on its own: after a crash, as time goes by, and when all must stop.
#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/guard/guard.h"

namespace tocsin::responders {
namespace {

constexpr auto retry_after = std::chrono::minutes(1);

// For an effect whose outcome was not recorded: at the latest, it may last as long as was asked.
std::optional<Time> expiry_of(const LedgerEntry& entry, const Parameters& parameters) {
  if (entry.expires) return entry.expires;
  if (!parameters.has("ttl")) return std::nullopt;
  return entry.changed + parameters.duration("ttl");
}

}  // namespace

Result<std::uint32_t> Guard::halt(const std::string& reason, const Peer& peer, std::vector<std::string>& failed) {
  // Stopping is always the safe side, so root may do it too.
  if (!may_respond(policy_, peer) && peer.uid != 0)
    return fail(Code::denied, fmt::format("uid {} has neither the role responder nor approver", peer.uid));
  if (trim(reason).empty()) return fail(Code::usage, "halting needs a reason");
  GuardRecord record = signed_by({}, peer);
  record.kind = "halt";
  record.reason = reason;
  TOCSIN_CHECK(note(record));
  std::vector<std::string> live;
  for (const auto& [key, entry] : ledger_.all())
    if (entry.live(clock_.now())) live.push_back(key);
  std::uint32_t undone = 0;
  for (const std::string& key : live) {
    const Action* action = find(ledger_.find(key)->request.action);
    if (action == nullptr || action->spec().reversibility == Reversibility::irreversible) continue;
    GuardRecord entry = signed_by({}, peer);
    entry.key = key;
    entry.action = action->spec().name;
    entry.reason = reason;
    if (undo_entry(key, std::move(entry))) ++undone;
    else failed.push_back(key);
  }
  return undone;
}

Result<void> Guard::resume(const std::string& reason, const Peer& peer) {
  if (!has_role(policy_.approvers, peer))
    return fail(Code::denied, fmt::format("uid {} has not the role approver", peer.uid));
  if (trim(reason).empty()) return fail(Code::usage, "resuming needs a reason");
  GuardRecord record = signed_by({}, peer);
  record.kind = "resume";
  record.reason = reason;
  return note(std::move(record));
}

GuardStatus Guard::status() const {
  GuardStatus out;
  out.mode = policy_.mode;
  out.halted = ledger_.halted();
  out.live = ledger_.live(clock_.now());
  out.tripped.assign(ledger_.tripped().begin(), ledger_.tripped().end());
  for (const auto& [key, entry] : ledger_.all()) out.pending += entry.state == EntryState::pending ? 1U : 0U;
  out.unsettled = unsettled_;
  out.sequence = journal_->sequence();
  out.head = journal_->head();
  for (const auto& action : actions_) {
    const std::string name(action->spec().name);
    const auto why =
        std::find_if(unavailable_.begin(), unavailable_.end(), [&](const auto& p) { return p.first == name; });
    out.actions.emplace_back(name, why == unavailable_.end() ? "ready" : why->second);
  }
  return out;
}

void Guard::set_unavailable(std::string action, std::string reason) {
  unavailable_.emplace_back(std::move(action), std::move(reason));
}

// After a crash: what was begun is looked at, never guessed.
void Guard::settle() {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : ledger_.all())
    if (entry.state == EntryState::intended || entry.state == EntryState::undoing || entry.live(clock_.now()))
      keys.push_back(key);
  for (const std::string& key : keys) settle_entry(key);
  tick();
}

std::vector<std::string> Guard::live_keys() const {
  std::vector<std::string> out;
  for (const auto& [key, entry] : ledger_.all())
    if (entry.live(clock_.now())) out.push_back(key);
  return out;
}

// What cannot be written down now is found out again from the system: at the next turn, or after a restart.
void Guard::note_anyway(GuardRecord record) {
  if (!note(std::move(record))) ++unsettled_;
}

void Guard::rest() {
  if (!journal_->sync()) ++unsettled_;
}

void Guard::tick() {
  rest();
  end_what_is_over();
  renew_leases();
  if (clock_.now() >= next_recheck_) recheck();
}

void Guard::policy_changed() { recheck(); }

void Guard::end_what_is_over() {
  const Time now = clock_.now();
  std::vector<std::pair<std::string, std::string>> over;
  for (const auto& [key, entry] : ledger_.all()) {
    if (entry.state == EntryState::undoing) over.emplace_back(key, "taken up again: undoing it had not come to an end");
    if (entry.state != EntryState::applied) continue;
    // What could not be undone is tried again, not every second: each try is two lines of the journal.
    if (entry.detail.starts_with(undo_failed) && now < entry.changed + retry_after) continue;
    const auto confirm = policy_.confirm_within.find(entry.request.action);
    if (entry.expires && now >= *entry.expires) over.emplace_back(key, "its time is over");
    else if (confirm != policy_.confirm_within.end() && !entry.confirmed && now >= entry.changed + confirm->second)
      over.emplace_back(key, "nobody confirmed it in time");
  }
  for (auto& [key, why] : over) take_back(key, std::move(why));
}

// What the kernel ends is only written down; the rest is undone here.
void Guard::take_back(const std::string& key, std::string why) {
  const LedgerEntry& entry = *ledger_.find(key);
  const Action* action = find(entry.request.action);
  if (action == nullptr) return;
  const Reversibility kind = action->spec().reversibility;
  if (kind == Reversibility::irreversible) return;
  GuardRecord record;
  record.key = key;
  record.action = entry.request.action;
  record.reason = why;
  const bool by_kernel = kind == Reversibility::expires && entry.expires && clock_.now() >= *entry.expires;
  if (!by_kernel) {
    if (!undo_entry(key, std::move(record))) ++unsettled_;
    return;
  }
  record.kind = "gone";
  record.detail = std::move(why);
  note_anyway(std::move(record));
}

void Guard::renew_leases() {
  for (const std::string& key : live_keys()) {
    const LedgerEntry& entry = *ledger_.find(key);
    Action* action = find(entry.request.action);
    if (action == nullptr || entry.state != EntryState::applied || !entry.expires) continue;
    const auto parameters = parse_parameters(action->spec(), entry.request.parameters);
    if (!parameters) continue;
    const auto renewed = action->renew(*parameters, key, *entry.expires - clock_.now());
    if (!renewed || *renewed != Renewal::lapsed) continue;  // not renewed: the kernel ends it, and it is asked again
    GuardRecord record;
    record.kind = "gone";
    record.key = key;
    record.action = entry.request.action;
    record.reason = "its lease was not renewed";
    record.detail = "released by the kernel: the management path was lost";
    note_anyway(std::move(record));
  }
}

void Guard::recheck() {
  constexpr auto interval = std::chrono::seconds(5);
  next_recheck_ = clock_.now() + interval;
  const std::vector<std::string> keys = live_keys();
  if (keys.empty()) return;
  Facts facts;
  auto networks = facts_.protected_networks(policy_);
  if (!networks) return;  // not knowing is no reason to free an attacker
  facts.protected_networks = std::move(*networks);
  for (const std::string& key : keys) {
    const LedgerEntry& entry = *ledger_.find(key);
    const Action* action = find(entry.request.action);
    // How long and how wide was judged when it was asked; only whom it hits may be new.
    if (action == nullptr || action->spec().reversibility == Reversibility::irreversible) continue;
    const auto parameters = parse_parameters(action->spec(), entry.request.parameters);
    if (!parameters) continue;
    const auto verdict = judge_target(policy_, facts, action->spec(), *parameters);
    if (verdict && verdict->rule == "never_touch") take_back(key, "must not be touched any more: " + verdict->reason);
  }
}

void Guard::trip_if_troubled(const std::string& action) {
  if (ledger_.tripped(action) || ledger_.troubles(action, clock_.now() - policy_.trip_within) < policy_.trip_after)
    return;
  GuardRecord record;
  record.kind = "tripped";
  record.action = action;
  record.detail = "too many failures, or refusals by a cap: automation of it needs approval until somebody resumes";
  note_anyway(std::move(record));
}

void Guard::settle_entry(const std::string& key) {
  const LedgerEntry& entry = *ledger_.find(key);
  if (entry.state != EntryState::intended && entry.state != EntryState::undoing && entry.state != EntryState::applied)
    return;
  Action* action = find(entry.request.action);
  if (action == nullptr) return;
  const auto parameters = parse_parameters(action->spec(), entry.request.parameters);
  if (!parameters) return;
  GuardRecord record;
  record.key = key;
  record.action = entry.request.action;
  record.reason = "settled after a restart";
  if (entry.state == EntryState::undoing) {
    if (!undo_entry(key, std::move(record))) ++unsettled_;
    return;
  }
  if (action->spec().reversibility == Reversibility::irreversible && entry.state == EntryState::applied) return;
  if (action->readback(*parameters) == Readback::none) {
    if (entry.state == EntryState::applied) return;
    record.kind = "unknown";
    record.detail = "it was begun and cannot be read back; it is not done a second time";
    note_anyway(std::move(record));
    return;
  }
  const auto found = action->verify(*parameters, key);
  if (!found) return;  // cannot be read now: stays open, and is asked again next time
  if (found->presence == Presence::changed && entry.state == EntryState::intended) {
    // Half done: finished under the same key, which every action takes as the same effect.
    auto outcome = action->apply(*parameters, key);
    record.kind = outcome ? "reconciled" : "failed";
    record.detail = outcome ? outcome->summary : outcome.error().text();
    if (outcome) record.undo_token = outcome->undo_token;
    if (outcome) record.expires = expiry_of(entry, *parameters);
    note_anyway(std::move(record));
    return;
  }
  const bool there = found->presence != Presence::absent;
  if (there && entry.state == EntryState::applied) return;
  record.kind = there ? "reconciled" : entry.state == EntryState::intended ? "failed" : "gone";
  record.detail = found->detail;
  if (there) record.outputs = found->outputs;
  // A crash must not make it last for ever: its time runs from the intent.
  if (there) record.expires = expiry_of(entry, *parameters);
  note_anyway(std::move(record));
}

}  // namespace tocsin::responders
