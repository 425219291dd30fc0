#pragma once
// Everything the daemon keeps, in one directory: store.db (SQLite, WAL) and events/ (segments). One writer: Store, on
// the casework thread. Everybody else reads through StoreReader, with connections of their own.
//
// A checkpoint is one transaction: source positions, detector state, alerts, the journal of incidents, committed
// lengths of event segments. After kill -9 the positions say where to read again; deterministic ids make what comes
// twice invisible.
//
// When the disk is full, detection goes on and storing stops: the round is rolled back, its alerts wait in a bounded
// backlog, `status()` says `full`, and from `retry` on the next round tries again. What the backlog could not hold is
// counted and kept as a blind interval.

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/store/database.h"
#include "daemon/store/journal.h"
#include "daemon/store/records.h"
#include "rules/alert.h"

namespace tocsin::daemon {

enum class OpenMode : std::uint8_t { create, read_only };
enum class StoreState : std::uint8_t { ready, full, read_only };
std::string_view store_state_name(StoreState state) noexcept;

struct StoreOptions {
  std::uint64_t bytes_most = 0;  // of store.db; 0 = as much as the disk holds
  std::uint64_t free_least = 0;  // bytes that must stay free on the file system; below it the store counts as full
  Duration retry = std::chrono::seconds(5);
  std::size_t backlog_most = 10'000;
  std::size_t round_most = 500;  // alerts in one transaction of a checkpoint
};

struct StoreStatus {
  StoreState state = StoreState::ready;
  std::string trouble;        // why it is full; empty when ready
  Time full_since{};          // zero when it is not
  std::uint64_t backlog = 0;  // alerts waiting for room
  std::uint64_t lost = 0;     // alerts beyond the backlog since start
  std::uint64_t bytes = 0;    // store.db and its log
};

struct Checkpoint {
  std::vector<rules::Alert> alerts;
  std::vector<std::pair<std::string, std::string>> positions;  // source → where to go on; opaque here
  std::vector<std::pair<std::string, std::string>> detectors;  // engine → SharedState::save()
  std::vector<SegmentRow> segments;
};
struct Committed {
  std::uint64_t stored = 0;  // alerts that are new
  std::uint64_t known = 0;   // alerts the store had
};

class Store {
 public:
  // Takes the lock file, checks and migrates. Errors name the next step: denied (directory not writable), invalid
  // (corrupt or foreign file), conflict (another daemon has it, or a newer schema), exhausted.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& directory, OpenMode mode, const Clock& clock,
                                             StoreOptions options = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // One checkpoint. `take` is called for each alert the store did not have, inside the transaction: casework joins it.
  // More than `round_most` alerts go in several transactions, oldest first, so that a backlog asks for little room at
  // a time; all else goes with the last. `committed` is called after each. An error rolls the open transaction back;
  // the caller then calls Casework::reload(). Alerts that are not stored are not lost: they wait in the backlog and
  // come first next time.
  Result<Committed> commit(Checkpoint checkpoint, const std::function<Result<void>(const rules::Alert&)>& take = {},
                           const std::function<void()>& committed = {});

  // The same in steps, for who raises alerts one by one: begin, then add and the journal in any order, then commit.
  // `exhausted` at once while the store is full and `retry` has not passed.
  Result<void> begin();
  // False: the store has it. Outside a round it is a transaction of its own.
  Result<bool> add(const rules::Alert& alert);
  Result<void> set_position(std::string_view source, std::string_view value);
  Result<void> set_detector(std::string_view engine, std::string_view state);
  Result<void> set_segment(const SegmentRow& segment);
  Result<Committed> commit();
  void rollback();
  // Alerts of rounds that could not be committed, oldest first; the caller hands them through casework again.
  std::vector<rules::Alert> take_backlog();

  responders::Journal& journal() noexcept { return *journal_; }
  Records& records() noexcept { return *records_; }
  Database& database() noexcept { return *database_; }
  Result<std::map<std::string, std::string>> positions();
  Result<std::string> detector(std::string_view engine);  // empty when there is none
  StoreStatus status() const;                             // casework's thread, like all of this
  const std::filesystem::path& directory() const noexcept { return directory_; }
  // Deletes alerts that are older; incidents and the journal stay. The number deleted.
  Result<std::uint64_t> retain_alerts(Time older_than);
  // The oldest alerts, until what store.db really holds is at most `bytes`; the file itself does not shrink.
  Result<std::uint64_t> retain_bytes(std::uint64_t bytes);
  // Slow: every page and the chains of journal and audit.
  Result<void> verify();

 private:
  Store(std::filesystem::path directory, OpenMode mode, const Clock& clock, StoreOptions options)
      : directory_(std::move(directory)), mode_(mode), clock_(clock), options_(options) {}
  Result<void> connect();
  Result<void> lock();
  Result<bool> insert(const rules::Alert& alert);
  Result<void> check_room() const;
  void stumble(const Error& error);
  void recover();
  Result<void> write_round(std::span<const rules::Alert> alerts, const Checkpoint* rest,
                           const std::function<Result<void>(const rules::Alert&)>& take);
  void keep_for_later(std::vector<rules::Alert> alerts);

  const std::filesystem::path directory_;
  const OpenMode mode_;
  const Clock& clock_;
  const StoreOptions options_;
  int lock_ = -1;
  std::unique_ptr<Database> database_;
  std::unique_ptr<StoreJournal> journal_;
  std::unique_ptr<Records> records_;
  bool in_round_ = false;
  Committed counts_;
  std::vector<rules::Alert> round_;  // added in this round, for the backlog
  std::deque<rules::Alert> backlog_;
  std::uint64_t lost_ = 0;
  std::uint64_t lost_since_full_ = 0;
  Time full_since_{};
  Time retry_at_{};
  std::string trouble_;
};

}  // namespace tocsin::daemon
