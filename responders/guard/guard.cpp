#include "responders/guard/guard.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/base/text.h"

namespace tocsin::responders {

GuardRecord signed_by(GuardRecord record, const Peer& peer) {
  record.uid = peer.uid;
  record.login_uid = peer.login_uid;
  return record;
}

bool may_respond(const Policy& policy, const Peer& peer) {
  return has_role(policy.responders, peer) || has_role(policy.approvers, peer);
}

namespace {

using Kind = GuardVerdict::Kind;

// Four eyes: whoever asked, or had a program ask, is not the second pair, whatever user it became since its login.
bool asked_for_it(const GuardRecord& request, const Peer& peer) {
  if (peer.uid == request.uid || peer.uid == request.behalf_uid) return true;
  return peer.login_uid != UINT32_MAX &&
         (peer.login_uid == request.login_uid || peer.login_uid == request.behalf_login_uid);
}

}  // namespace

Result<std::unique_ptr<Guard>> Guard::open(const Policy& policy, HostFacts& facts, const Clock& clock, Actions actions,
                                           const std::string& journal_path) {
  std::unique_ptr<Guard> guard(new Guard(policy, facts, clock, std::move(actions)));
  std::vector<GuardRecord> records;
  TOCSIN_TRY(guard->journal_, GuardJournal::open(journal_path, records));
  for (const GuardRecord& record : records) guard->ledger_.fold(record);
  guard->settle();
  return guard;
}

Action* Guard::find(std::string_view name) const {
  for (const auto& action : actions_)
    if (action->spec().name == name) return action.get();
  return nullptr;
}

Facts Guard::facts_for(const ActionSpec& spec, const Parameters& parameters, const ActionRequest& request,
                       const Peer& peer) {
  Facts out;
  if (auto networks = facts_.protected_networks(policy_)) out.protected_networks = std::move(*networks);
  else out.unknown = fmt::format("what must never be touched cannot be found out: {}", networks.error().message);
  out.login_addresses = facts_.login_addresses(peer.pid);
  if (request.behalf.pid > 0 && request.behalf.pid != peer.pid)
    for (const IpAddress& address : facts_.login_addresses(request.behalf.pid)) out.login_addresses.push_back(address);
  out.protected_targets = facts_.protected_targets(policy_, spec, parameters, peer.pid);
  const std::string action(spec.name);
  out.now = clock_.now();
  out.in_last_minute = ledger_.in_last_minute(action, out.now);
  out.live = ledger_.live(out.now);
  out.halted = ledger_.halted();
  out.rule_in_last_minute = ledger_.rule_in_last_minute(request.rule, out.now);
  out.live_of_radius = ledger_.live_of(spec.blast_radius, out.now);
  out.tripped = ledger_.tripped(action);
  if (const auto last = ledger_.last_ended(action, parameters.texts(), out.now)) out.since_same = out.now - *last;
  return out;
}

Result<void> Guard::note(GuardRecord record, Sync when) {
  record.time = clock_.now();
  TOCSIN_CHECK(journal_->append(record, when));
  ledger_.fold(record);
  return {};
}

GuardRecord Guard::record_of(const ActionRequest& request, const Peer& peer, std::string kind) const {
  GuardRecord record;
  record.kind = std::move(kind);
  record.key = request.key;
  record.action = request.action;
  record.parameters = request.parameters;
  record.incident = request.incident;
  record.playbook = request.playbook;
  record.step = request.step;
  record.reason = request.reason;
  record.behalf_uid = request.behalf.uid;
  record.behalf_login_uid = request.behalf.login_uid;
  record.rule = request.rule;
  record.depth = request.depth;
  return signed_by(std::move(record), peer);
}

// Which document it is, is told by nobody but the document: that of the first request under this key.
Result<ActionRequest> Guard::with_document(const ActionSpec& spec, const ActionRequest& request) const {
  ActionRequest out = request;
  const ParameterSpec* parameter = spec.document();
  if (parameter == nullptr) return out;
  const auto is_it = [&](const auto& pair) { return pair.first == parameter->name; };
  if (std::ranges::any_of(out.parameters, is_it))
    return fail(Code::invalid,
                fmt::format("{}: {} is not given; it follows from the document", spec.name, parameter->name));
  if (out.document.size() > document_bytes_most)
    return fail(Code::exhausted, fmt::format("the document is larger than {} KiB", document_bytes_most >> 10U));
  if (const LedgerEntry* entry = ledger_.find(request.key)) {
    const auto before = std::ranges::find_if(entry->request.parameters, is_it);
    if (before != entry->request.parameters.end()) out.parameters.push_back(*before);
  } else if (!out.document.empty()) {
    out.parameters.emplace_back(parameter->name, render_digest(sha256(as_bytes(out.document))));
  }
  return out;
}

Result<Rehearsed> Guard::rehearse(const ActionRequest& asked, const Peer& peer) {
  Action* action = find(asked.action);
  if (action == nullptr)
    return fail(Code::not_found, fmt::format("there is no action {}", escape_terminal(asked.action)));
  TOCSIN_TRY(const ActionRequest request, with_document(action->spec(), asked));
  TOCSIN_TRY(const Parameters parameters, parse_parameters(action->spec(), request.parameters));
  Rehearsed out;
  out.verdict =
      judge(policy_, facts_for(action->spec(), parameters, request, peer), action->spec(), parameters, request, peer);
  TOCSIN_TRY(out.forecast, action->rehearse(parameters));
  return out;
}

// The same key again: the answer of the first time, or what came of it.
Result<Applied> Guard::known(const LedgerEntry& entry, const ActionRequest& request) {
  if (entry.request.action != request.action || entry.request.parameters != request.parameters)
    return fail(Code::conflict, fmt::format("the key {} was used for another request", request.key));
  switch (entry.state) {
    case EntryState::applied: {
      Applied out;
      out.outcome.state = Outcome::State::already;
      out.outcome.summary = entry.detail;
      out.outcome.outputs = entry.outputs;
      return out;
    }
    case EntryState::pending: {
      if (!entry.expires || clock_.now() <= *entry.expires)
        return pending(request.key, entry.expires.value_or(clock_.now()));
      GuardRecord record;
      record.kind = "failed";
      record.key = request.key;
      record.detail = "nobody approved it in time";
      TOCSIN_CHECK(note(std::move(record)));
      return fail(Code::denied, "nobody approved it in time; ask again");
    }
    case EntryState::unknown: {
      Applied out;
      out.outcome.state = Outcome::State::unknown;
      out.outcome.summary = fmt::format("whether it took effect is unknown: {}", entry.detail);
      return out;
    }
    // It was looked for, and who knows did not answer: whoever waits asks again.
    case EntryState::intended:
      return fail(Code::unreachable, fmt::format("what came of {} cannot be looked up now", request.key));
    default:
      return fail(Code::conflict,
                  fmt::format("{} is {} already: {}", request.key, entry_state_name(entry.state), entry.detail));
  }
}

Applied Guard::pending(const std::string& key, Time expires) const {
  Applied out;
  out.outcome.state = Outcome::State::pending;
  out.outcome.summary = fmt::format("awaits an approver: tocsin action approve {} --reason \"…\"", key);
  if (const Time now = clock_.now(); expires > now) out.outcome.expires_in = expires - now;
  return out;
}

Result<Applied> Guard::apply(const ActionRequest& asked, const Peer& peer) {
  if (!is_action_key(asked.key))
    return fail(Code::usage, "the request's key is not 1-128 characters of A-Z a-z 0-9 . _ : -");
  Action* action = find(asked.action);
  if (action == nullptr)
    return fail(Code::not_found, fmt::format("there is no action {}", escape_terminal(asked.action)));
  TOCSIN_TRY(const ActionRequest request, with_document(action->spec(), asked));
  TOCSIN_TRY(const Parameters parameters, parse_parameters(action->spec(), request.parameters));
  ActionRequest typed = request;
  typed.parameters = parameters.texts();
  if (ledger_.find(request.key) != nullptr) {
    settle_entry(request.key);
    return known(*ledger_.find(request.key), typed);
  }
  const GuardVerdict verdict =
      judge(policy_, facts_for(action->spec(), parameters, typed, peer), action->spec(), parameters, typed, peer);
  GuardRecord record = record_of(typed, peer, "refused");
  if (verdict.kind == Kind::refused) {
    record.detail = fmt::format("{}: {}", verdict.rule, verdict.reason);
    TOCSIN_CHECK(note(std::move(record)));
    trip_if_troubled(request.action);
    return fail(Code::denied, fmt::format("refused ({}): {}", verdict.rule, verdict.reason));
  }
  if (!request.document.empty()) TOCSIN_CHECK(action->keep(request.document));
  if (verdict.kind == Kind::needs_approval) {
    record.kind = "pending";
    const Time expires = clock_.now() + policy_.approval_expires;
    record.expires = expires;
    record.detail = fmt::format("{}: {}", verdict.rule, verdict.reason);
    TOCSIN_CHECK(note(std::move(record)));
    return pending(request.key, expires);
  }
  record.kind = "intent";
  return carry_out(*action, parameters, std::move(record));
}

Result<Applied> Guard::approve(const std::string& key, const std::string& reason, const Peer& peer) {
  const LedgerEntry* entry = ledger_.find(key);
  if (entry != nullptr && entry->state == EntryState::applied && policy_.confirm_within.contains(entry->request.action))
    return confirm(key, reason, peer);
  if (entry == nullptr || entry->state != EntryState::pending)
    return fail(Code::not_found, fmt::format("nothing under the key {} awaits approval", escape_terminal(key)));
  if (!has_role(policy_.approvers, peer))
    return fail(Code::denied, fmt::format("uid {} has not the role approver", peer.uid));
  if (asked_for_it(entry->request, peer)) return fail(Code::denied, "whoever asked for it cannot approve it");
  for (const Approval& before : entry->approvals)
    if (before.uid == peer.uid || (peer.login_uid != UINT32_MAX && before.login_uid == peer.login_uid))
      return fail(Code::denied, "you have approved it already; somebody else must agree too");
  if (trim(reason).empty()) return fail(Code::usage, "approving needs a reason");
  if (entry->expires && clock_.now() > *entry->expires)
    return fail(Code::conflict, "the request has expired; ask again");
  Action* action = find(entry->request.action);
  if (action == nullptr) return fail(Code::not_found, "the action is gone");
  TOCSIN_TRY(const Parameters parameters, parse_parameters(action->spec(), entry->request.parameters));
  ActionRequest request;
  request.action = entry->request.action;
  request.key = key;
  request.parameters = entry->request.parameters;
  request.incident = entry->request.incident;
  request.playbook = entry->request.playbook;
  request.step = entry->request.step;
  request.reason = fmt::format("{} (approved: {})", entry->request.reason, reason);
  request.rule = entry->request.rule;
  request.depth = entry->request.depth;
  // Everything is judged again: a session or an address may be new since.
  const GuardVerdict verdict =
      judge(policy_, facts_for(action->spec(), parameters, request, peer), action->spec(), parameters, request, peer);
  if (verdict.kind == Kind::refused)
    return fail(Code::denied, fmt::format("refused ({}): {}", verdict.rule, verdict.reason));
  Result<void> noted;
  if (auto more = one_of_several(*entry, action->spec(), reason, peer, noted)) {
    if (!noted) return std::unexpected(std::move(noted).error());
    return *more;
  }
  return carry_out(*action, parameters, record_of(request, peer, "intent"));
}

// A yes that is not the last one needed.
std::optional<Applied> Guard::one_of_several(const LedgerEntry& entry, const ActionSpec& spec,
                                             const std::string& reason, const Peer& peer, Result<void>& noted) {
  const std::string key = entry.request.key;
  const std::size_t needed = policy_.quorum[static_cast<std::size_t>(spec.blast_radius)];
  const std::size_t given = entry.approvals.size() + 1;
  if (given >= needed) return std::nullopt;
  Applied out = pending(key, entry.expires.value_or(clock_.now()));
  GuardRecord record = signed_by({}, peer);
  record.kind = "approval";
  record.key = key;
  record.reason = reason;
  record.detail = fmt::format("{} of {} approvers agree", given, needed);
  out.outcome.summary = record.detail + "; it awaits the others";
  noted = note(std::move(record));
  return out;
}

// A dead man's switch: somebody who can still reach this host says that it may stay so.
Result<Applied> Guard::confirm(const std::string& key, const std::string& reason, const Peer& peer) {
  if (!may_respond(policy_, peer))
    return fail(Code::denied, fmt::format("uid {} has neither the role responder nor approver", peer.uid));
  if (trim(reason).empty()) return fail(Code::usage, "confirming needs a reason");
  GuardRecord record = signed_by({}, peer);
  record.kind = "confirmed";
  record.key = key;
  record.reason = reason;
  TOCSIN_CHECK(note(std::move(record)));
  Applied out;
  out.outcome.state = Outcome::State::already;
  out.outcome.summary = "confirmed: it stays until its time is over";
  return out;
}

Result<Applied> Guard::carry_out(Action& action, const Parameters& parameters, GuardRecord record) {
  const std::string key = record.key;
  TOCSIN_CHECK(note(record));
  auto outcome = action.apply(parameters, key);
  if (!outcome) {
    record.kind = "failed";
    record.detail = outcome.error().text();
    const std::string name = record.action;
    TOCSIN_CHECK(note(std::move(record), Sync::later));
    trip_if_troubled(name);
    return std::unexpected(std::move(outcome).error());
  }
  record.kind = outcome->state == Outcome::State::already ? "already" : "applied";
  record.detail = outcome->summary;
  record.undo_token = outcome->undo_token;
  record.outputs = outcome->outputs;
  // What the kernel does not end is ended by tick().
  if (!outcome->expires_in && parameters.has("ttl")) outcome->expires_in = parameters.duration("ttl");
  if (outcome->expires_in) record.expires = clock_.now() + *outcome->expires_in;
  TOCSIN_CHECK(note(std::move(record), Sync::later));
  Applied out;
  out.outcome = std::move(*outcome);
  if (auto verification = action.verify(parameters, key)) out.verification = std::move(*verification);
  return out;
}

Result<std::vector<OwnedDescriptor>> Guard::take(const std::string& key, const Peer& peer) {
  const LedgerEntry* entry = ledger_.find(key);
  if (entry == nullptr)
    return fail(Code::not_found, fmt::format("nothing was applied under the key {}", escape_terminal(key)));
  if (entry->request.uid != peer.uid || !has_role(policy_.readers, peer))
    return fail(Code::denied, "it is taken by the reader that asked for it, and by nobody else");
  if (ledger_.halted()) return fail(Code::denied, "all automation is halted; nothing is handed over");
  if (entry->state != EntryState::applied)
    return fail(Code::not_found, fmt::format("{} is {}: {}", key, entry_state_name(entry->state), entry->detail));
  Action* action = find(entry->request.action);
  if (action == nullptr) return fail(Code::not_found, "the action is gone");
  TOCSIN_TRY(auto out, action->take(key));
  GuardRecord record = signed_by({}, peer);
  record.kind = "taken";
  record.key = key;
  record.action = entry->request.action;
  record.detail = fmt::format("handed over to uid {}", peer.uid);
  TOCSIN_CHECK(note(std::move(record)));
  return out;
}

Result<Verification> Guard::verify(const std::string& key, const Peer&) {
  const LedgerEntry* entry = ledger_.find(key);
  if (entry == nullptr)
    return fail(Code::not_found, fmt::format("nothing was applied under the key {}", escape_terminal(key)));
  Action* action = find(entry->request.action);
  if (action == nullptr) return fail(Code::not_found, "the action is gone");
  TOCSIN_TRY(const Parameters parameters, parse_parameters(action->spec(), entry->request.parameters));
  return action->verify(parameters, key);
}

Result<Outcome> Guard::undo(const std::string& key, const std::string& reason, const Peer& peer) {
  const LedgerEntry* entry = ledger_.find(key);
  if (entry == nullptr)
    return fail(Code::not_found, fmt::format("nothing was applied under the key {}", escape_terminal(key)));
  // Who asked for what still awaits approval may think better of it.
  const bool own = entry->state == EntryState::pending && entry->request.uid == peer.uid;
  if (!own && !may_respond(policy_, peer))
    return fail(Code::denied, fmt::format("uid {} has neither the role responder nor approver", peer.uid));
  if (trim(reason).empty()) return fail(Code::usage, "undoing needs a reason");
  if (entry->state == EntryState::undone) {
    Outcome out;
    out.state = Outcome::State::undone;
    out.summary = "undone already: " + entry->detail;
    return out;
  }
  if (entry->state == EntryState::pending) {
    GuardRecord record = signed_by({}, peer);
    record.kind = "undone";
    record.key = key;
    record.reason = reason;
    record.detail = "withdrawn before it was approved";
    TOCSIN_CHECK(note(std::move(record)));
    Outcome out;
    out.state = Outcome::State::undone;
    out.summary = "withdrawn before it was approved";
    return out;
  }
  GuardRecord record = signed_by({}, peer);
  record.key = key;
  record.action = entry->request.action;
  record.reason = reason;
  return undo_entry(key, std::move(record));
}

Result<Outcome> Guard::undo_entry(const std::string& key, GuardRecord record) {
  const LedgerEntry& entry = *ledger_.find(key);
  Action* action = find(entry.request.action);
  if (action == nullptr) return fail(Code::not_found, "the action is gone");
  TOCSIN_TRY(const Parameters parameters, parse_parameters(action->spec(), entry.request.parameters));
  if (action->spec().reversibility == Reversibility::irreversible)
    return fail(Code::conflict, fmt::format("{} cannot be undone", entry.request.action));
  // What is lent, each holds a copy of its own.
  const bool shared = action->spec().gives == Gives::outcome;
  if (const LedgerEntry* holder = shared ? ledger_.other_holder(key, clock_.now()) : nullptr) {
    record.kind = "undone";
    record.detail = fmt::format("left in effect, because {} holds the same", holder->request.key);
    Outcome out;
    out.state = Outcome::State::undone;
    out.summary = record.detail;
    TOCSIN_CHECK(note(std::move(record)));
    return out;
  }
  const std::string token = entry.undo_token;
  record.kind = "undo_intent";
  TOCSIN_CHECK(note(record));
  auto outcome = action->undo(parameters, key, token);
  if (!outcome && outcome.error().code != Code::partial) {
    record.kind = "applied";  // it is still in effect
    record.detail = fmt::format("{}: {}", undo_failed, outcome.error().text());
    TOCSIN_CHECK(note(std::move(record), Sync::later));
    return outcome;
  }
  record.kind = "undone";
  record.detail = outcome ? outcome->summary : outcome.error().text();
  TOCSIN_CHECK(note(std::move(record), Sync::later));
  return outcome;
}

}  // namespace tocsin::responders
