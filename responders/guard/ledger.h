#pragma once
// What the guard's journal adds up to: one entry per key, in the state its last record left it. Pure fold.

#include <deque>
#include <map>
#include <set>
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

struct Approval {
  std::uint32_t uid = UINT32_MAX;
  std::uint32_t login_uid = UINT32_MAX;
};

struct LedgerEntry {
  GuardRecord request;  // the record that opened it: action, parameters, reason, who
  EntryState state = EntryState::failed;
  Time changed{};
  std::string detail;
  std::string undo_token;
  std::vector<std::pair<std::string, std::string>> outputs;
  std::optional<Time> expires;
  std::uint32_t approved_by = UINT32_MAX;
  std::vector<Approval> approvals;
  bool confirmed = false;

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
  std::uint32_t rule_in_last_minute(const std::string& rule, Time now) const;
  // In effect now, of actions that reach so far.
  std::uint32_t live_of(BlastRadius radius, Time now) const;
  // When the same, done to the same, was last ended before its time: what is done again and again is a loop.
  std::optional<Time> last_ended(const std::string& action, const Parameters::Texts& parameters, Time now) const;
  // Automation of this action was stopped, and nobody lifted that.
  bool tripped(const std::string& action) const { return tripped_.contains(action); }
  const std::set<std::string>& tripped() const noexcept { return tripped_; }
  // Failures, and refusals by a cap, since then.
  std::uint32_t troubles(const std::string& action, Time since) const;
  // Another live entry of the same action that holds the same thing: undoing one must not undo the other.
  const LedgerEntry* other_holder(const std::string& key, Time now) const;

 private:
  void fold_trouble(const GuardRecord& record);

  std::map<std::string, LedgerEntry> entries_;
  std::set<std::string> tripped_;
  std::map<std::string, std::deque<Time>> troubles_;
  bool halted_ = false;
};

}  // namespace tocsin::responders
