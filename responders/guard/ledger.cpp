#include "responders/guard/ledger.h"

#include <algorithm>
#include <array>

#include "responders/action/table.h"

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 8> names{"pending", "intended", "applied", "failed",
                                                "undoing", "undone",   "gone",    "unknown"};

std::optional<EntryState> state_after(const std::string& kind) {
  if (kind == "pending") return EntryState::pending;
  if (kind == "intent") return EntryState::intended;
  if (kind == "applied" || kind == "already" || kind == "reconciled") return EntryState::applied;
  if (kind == "failed") return EntryState::failed;
  if (kind == "undo_intent") return EntryState::undoing;
  if (kind == "undone") return EntryState::undone;
  if (kind == "gone") return EntryState::gone;
  if (kind == "unknown") return EntryState::unknown;
  return std::nullopt;
}

// What an action acts upon: how long it does is no part of that.
std::string target_of(const std::string& action, const Parameters::Texts& parameters) {
  const ActionRow* row = find_action(action);
  if (row == nullptr) return {};
  std::string out;
  for (const auto& [name, value] : parameters)
    if (const ParameterSpec* spec = row->spec.find(name); spec != nullptr && spec->type != ParameterType::duration)
      out.append(name).append("=").append(value).append("\n");
  return out;
}
std::string target_of(const LedgerEntry& entry) { return target_of(entry.request.action, entry.request.parameters); }

}  // namespace

std::string_view entry_state_name(EntryState state) noexcept { return names[static_cast<std::size_t>(state)]; }

void Ledger::fold(const GuardRecord& record) {
  if (record.kind == "halt") halted_ = true;
  if (record.kind == "resume") {
    halted_ = false;
    tripped_.clear();
    troubles_.clear();
  }
  if (record.kind == "tripped") tripped_.insert(record.action);
  fold_trouble(record);
  if (const auto at = entries_.find(record.key); at != entries_.end()) {
    if (record.kind == "approval") at->second.approvals.push_back({record.uid, record.login_uid});
    if (record.kind == "confirmed") at->second.confirmed = true;
  }
  const auto state = state_after(record.kind);
  if (!state || record.key.empty()) return;
  LedgerEntry& entry = entries_[record.key];
  if (entry.request.key.empty()) entry.request = record;
  if (record.kind == "intent" && entry.state == EntryState::pending) entry.approved_by = record.uid;
  // How long an approver had is not how long the effect lasts.
  if (record.kind == "intent") entry.expires.reset();
  entry.state = *state;
  entry.changed = record.time;
  entry.detail = record.detail;
  if (!record.undo_token.empty()) entry.undo_token = record.undo_token;
  if (!record.outputs.empty()) entry.outputs = record.outputs;
  if (record.expires) entry.expires = record.expires;
}

void Ledger::fold_trouble(const GuardRecord& record) {
  const bool capped =
      record.kind == "refused" &&
      (record.detail.starts_with("rate:") || record.detail.starts_with("live:") || record.detail.starts_with("blast:"));
  // One that nobody approved in time is no fault of the action.
  if (!capped && (record.kind != "failed" || record.action.empty())) return;
  constexpr std::size_t kept = 1000;
  auto& times = troubles_[record.action];
  times.push_back(record.time);
  if (times.size() > kept) times.pop_front();
}

std::uint32_t Ledger::troubles(const std::string& action, Time since) const {
  const auto at = troubles_.find(action);
  if (at == troubles_.end()) return 0;
  return static_cast<std::uint32_t>(
      std::count_if(at->second.begin(), at->second.end(), [&](Time time) { return time > since; }));
}

std::uint32_t Ledger::rule_in_last_minute(const std::string& rule, Time now) const {
  std::uint32_t out = 0;
  for (const auto& [key, entry] : entries_)
    if (entry.request.rule == rule && entry.changed > now - std::chrono::minutes(1) &&
        (entry.state == EntryState::applied || entry.state == EntryState::intended))
      ++out;
  return out;
}

std::uint32_t Ledger::live_of(BlastRadius radius, Time now) const {
  std::uint32_t out = 0;
  for (const auto& [key, entry] : entries_)
    if (const ActionRow* row = find_action(entry.request.action);
        row != nullptr && row->spec.blast_radius == radius && row->spec.reversibility != Reversibility::irreversible)
      out += entry.live(now) ? 1U : 0U;
  return out;
}

std::optional<Time> Ledger::last_ended(const std::string& action, const Parameters::Texts& parameters, Time now) const {
  std::optional<Time> out;
  const std::string target = target_of(action, parameters);
  for (const auto& [key, entry] : entries_)
    // One that had its full time is no part of a loop: whoever comes back after it is another matter.
    if (entry.request.action == action && entry.state != EntryState::pending && entry.state != EntryState::failed &&
        !(entry.expires && entry.changed >= *entry.expires) && !entry.live(now) && target_of(entry) == target &&
        (!out || entry.changed > *out))
      out = entry.changed;
  return out;
}

const LedgerEntry* Ledger::find(const std::string& key) const {
  const auto at = entries_.find(key);
  return at == entries_.end() ? nullptr : &at->second;
}

std::uint32_t Ledger::live(Time now) const {
  std::uint32_t out = 0;
  for (const auto& [key, entry] : entries_) out += entry.live(now) ? 1U : 0U;
  return out;
}

std::uint32_t Ledger::in_last_minute(const std::string& action, Time now) const {
  std::uint32_t out = 0;
  for (const auto& [key, entry] : entries_)
    if (entry.request.action == action && entry.changed > now - std::chrono::minutes(1) &&
        (entry.state == EntryState::applied || entry.state == EntryState::intended))
      ++out;
  return out;
}

const LedgerEntry* Ledger::other_holder(const std::string& key, Time now) const {
  const LedgerEntry* own = find(key);
  if (own == nullptr) return nullptr;
  const std::string target = target_of(*own);
  for (const auto& [other, entry] : entries_)
    if (other != key && entry.state == EntryState::applied && entry.live(now) &&
        entry.request.action == own->request.action && target_of(entry) == target)
      return &entry;
  return nullptr;
}

}  // namespace tocsin::responders
