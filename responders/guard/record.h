#pragma once
// The guard's journal: what was asked, decided, begun and done, as an append-only file of JSON lines. Each line holds
// the hash of the one before it, so nothing can be taken out or changed unseen. An intent is durable before its effect
// begins; what came of it a moment later, with the next intent or the next pause: until then a power cut leaves the
// intent, and what came of it is looked up (Guard::settle). One process, one thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "responders/action/action.h"

namespace tocsin::responders {

struct GuardRecord {
  // "refused", "pending", "intent", "applied", "already", "failed", "undo_intent", "undone", "reconciled", "gone",
  // "halt", "resume", "start", "approval" (one of several), "confirmed", "tripped", "taken"
  std::string kind;
  std::string key;
  std::string action;
  Parameters::Texts parameters;
  std::string incident;
  std::string playbook;
  std::string step;
  std::string reason;
  std::uint32_t uid = UINT32_MAX;
  std::uint32_t login_uid = UINT32_MAX;
  std::uint32_t behalf_uid = UINT32_MAX;  // for whom the asker says it asks
  std::uint32_t behalf_login_uid = UINT32_MAX;
  std::string rule;  // the detection that set it off
  std::uint8_t depth = 0;
  std::string detail;
  std::string undo_token;
  std::vector<std::pair<std::string, std::string>> outputs;
  std::optional<Time> expires;
  Time time{};
};

// later: by the next append that syncs, or by `sync`. The end of this process loses nothing either way.
enum class Sync : std::uint8_t { now, later };

class GuardJournal {
 public:
  // Reads what is there and checks the chain. A last line cut short by a crash is dropped. conflict: the chain is
  // broken, so somebody changed the file; exhausted: it is larger than 256 MiB.
  static Result<std::unique_ptr<GuardJournal>> open(const std::string& path, std::vector<GuardRecord>& records);
  ~GuardJournal();
  GuardJournal(const GuardJournal&) = delete;
  GuardJournal& operator=(const GuardJournal&) = delete;

  // Written when it returns; durable when `when` says so. Whatever fails, the file is as it was before.
  Result<void> append(const GuardRecord& record, Sync when = Sync::now);
  Result<void> sync();
  bool synced() const noexcept { return synced_; }
  std::uint64_t sequence() const noexcept { return sequence_; }
  const std::string& head() const noexcept { return head_; }  // hash of the last line, hexadecimal

 private:
  GuardJournal() = default;
  Result<void> cut_back(const char* what);

  int file_ = -1;
  bool synced_ = true;
  std::uint64_t sequence_ = 0;
  std::uint64_t bytes_ = 0;
  std::string head_;
};

// A chain does not show that its end was cut off or that it was made anew from some line on: what was told of its head
// to a place that its owner cannot change (the journal of systemd, and where that is forwarded to) does. Line N of the
// file must end with the hash told for N.
class JournalAnchor {
 public:
  static constexpr Duration interval = std::chrono::hours(1);
  bool is_due(Time now) const noexcept { return now >= next_; }
  // What to tell now; nothing when nothing was added since it was told.
  std::optional<std::string> tell(std::uint64_t sequence, std::string_view head, Time now);

 private:
  Time next_{};
  std::optional<std::uint64_t> told_;
};

}  // namespace tocsin::responders
