#include "responders/guard/ledger.h"

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

// The first parameter of an action is what it acts upon.
std::string target_of(const LedgerEntry& entry) {
  const ActionRow* row = find_action(entry.request.action);
  if (row == nullptr || row->spec.parameters.empty()) return {};
  for (const auto& [name, value] : entry.request.parameters)
    if (name == row->spec.parameters.front().name) return value;
  return {};
}

}  // namespace

std::string_view entry_state_name(EntryState state) noexcept { return names[static_cast<std::size_t>(state)]; }

void Ledger::fold(const GuardRecord& record) {
  if (record.kind == "halt") halted_ = true;
  if (record.kind == "resume") halted_ = false;
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
