#pragma once
// What the guard's journal adds up to: one entry per key, in the state its last record left it. Pure fold.

#include <map>
#include <string>
#include <vector>

#include "responders/guard/record.h"

namespace tocsin::responders {

enum class EntryState : std::uint8_t {
  pending,   // awaits an approver
  intended,  // begun, outcome not recorded: a crash came between
  applied,
  failed,
  undoing,  // undo begun, outcome not recorded
  undone,
  gone,    // found to be no longer in effect
  unknown  // begun, and nobody can tell whether it happened
};
std::string_view entry_state_name(EntryState state) noexcept;

struct LedgerEntry {
  GuardRecord request;  // the record that opened it: action, parameters, reason, who
  EntryState state = EntryState::failed;
  Time changed{};
  std::string detail;
  std::string undo_token;
  std::vector<std::pair<std::string, std::string>> outputs;
  std::optional<Time> expires;
  std::uint32_t approved_by = UINT32_MAX;

  bool live(Time now) const noexcept {
    return (state == EntryState::applied || state == EntryState::undoing) && (!expires || now < *expires);
  }
};

class Ledger {
 public:
  void fold(const GuardRecord& record);
  const LedgerEntry* find(const std::string& key) const;
  const std::map<std::string, LedgerEntry>& all() const noexcept { return entries_; }
  bool halted() const noexcept { return halted_; }
  std::uint32_t live(Time now) const;
  // Applied by this action in the minute before `now`.
  std::uint32_t in_last_minute(const std::string& action, Time now) const;
  // Another live entry of the same action that holds the same thing: undoing one must not undo the other.
  const LedgerEntry* other_holder(const std::string& key, Time now) const;

 private:
  std::map<std::string, LedgerEntry> entries_;
  bool halted_ = false;
};

}  // namespace tocsin::responders
