#include "daemon/store/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "daemon/store/schema.h"
#include "responders/incident/incident.h"

namespace tocsin::daemon {

namespace filesystem = std::filesystem;

std::string_view store_state_name(StoreState state) noexcept {
  switch (state) {
    case StoreState::ready: return "ready";
    case StoreState::full: return "full";
    case StoreState::read_only: return "read_only";
  }
  return "ready";
}

Result<std::unique_ptr<Store>> Store::open(const filesystem::path& directory, OpenMode mode, const Clock& clock,
                                           StoreOptions options) {
  std::unique_ptr<Store> store(new Store(directory, mode, clock, options));
  if (mode == OpenMode::create) TOCSIN_CHECK(store->lock());
  TOCSIN_CHECK(store->connect());
  return store;
}

Store::~Store() {
  if (database_) rollback();
  records_.reset();
  journal_.reset();
  database_.reset();
  if (lock_ >= 0) ::close(lock_);
}

Result<void> Store::lock() {
  std::error_code error;
  filesystem::create_directories(directory_, error);
  if (error)
    return fail(error == std::errc::permission_denied || error == std::errc::read_only_file_system ? Code::denied
                                                                                                   : Code::failure,
                fmt::format("cannot make the store directory {}: {}; make it writable for the user tocsind runs as, or "
                            "set store.directory to another one",
                            directory_.string(), error.message()));
  const auto path = (directory_ / "store.lock").string();
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (lock_ < 0) {
    const int cause = errno;
    auto failed = fail_errno("cannot write in the store directory " + directory_.string(), cause);
    failed.error().message += cause == ENOSPC ? "; free space on that file system"
                                              : "; make it writable for the user tocsind runs as, or set "
                                                "store.directory to another one";
    return failed;
  }
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0)
    return fail(Code::conflict,
                fmt::format("another tocsin process writes to {}; stop it, or name another store directory",
                            directory_.string()));
  return {};
}

Result<void> Store::connect() {
  constexpr std::uintmax_t checked_at_start_most = 64U << 20;
  const auto path = (directory_ / "store.db").string();
  std::error_code ignored;
  const bool exists = filesystem::exists(path, ignored);
  if (mode_ == OpenMode::read_only && !exists)
    return fail(Code::not_found, fmt::format("there is no store in {}; start tocsind once, or name its store directory",
                                             directory_.string()));
  TOCSIN_TRY(database_, Database::open(path, mode_ == OpenMode::create ? DatabaseMode::create : DatabaseMode::read));
  // A damaged page is better found now than in the middle of a round; large stores are checked by `tocsin doctor`.
  if (exists && filesystem::file_size(path, ignored) <= checked_at_start_most) {
    TOCSIN_TRY(const auto sound, database_->query_text("PRAGMA quick_check(1)"));
    if (sound != "ok")
      return fail(Code::invalid, fmt::format("the store {} is damaged ({}); stop tocsind, move it away and restore a "
                                             "backup, or start with an empty store",
                                             path, sound));
  }
  if (mode_ == OpenMode::create) {
    ::chmod(path.c_str(), 0640);
    TOCSIN_CHECK(migrate(*database_));
    TOCSIN_TRY(const auto page, database_->query_number("PRAGMA page_size"));
    if (options_.bytes_most != 0)
      TOCSIN_CHECK(database_->query_number(
          fmt::format("PRAGMA max_page_count = {}",
                      std::max<std::uint64_t>(1, options_.bytes_most / static_cast<std::uint64_t>(page)))));
  } else {
    TOCSIN_CHECK(check_schema(*database_));
  }
  journal_ = std::make_unique<StoreJournal>(*database_);
  records_ = std::make_unique<Records>(*database_);
  return {};
}

Result<void> Store::begin() {
  if (mode_ == OpenMode::read_only)
    return fail(Code::denied, "the store is open for reading only; ask the running tocsind for the change");
  if (in_round_) return fail(Code::conflict, "a round of the store is open already");
  if (full_since_ != Time{} && clock_.now() < retry_at_) return fail(Code::exhausted, trouble_);
  counts_ = {};
  round_.clear();
  auto begun = check_room();
  if (begun) begun = database_->begin();
  if (!begun) {
    stumble(begun.error());
    return begun;
  }
  in_round_ = true;
  return {};
}

// Stopping early leaves room for what must still be written: the system log, the daemon's own state.
Result<void> Store::check_room() const {
  if (options_.free_least == 0) return {};
  std::error_code error;
  const auto space = filesystem::space(directory_, error);
  if (error || space.available >= options_.free_least) return {};
  return fail(Code::exhausted, fmt::format("{} bytes are free for {}, store.free_least asks for {}; free space on that "
                                           "file system or shorten the retention",
                                           space.available, directory_.string(), options_.free_least));
}

Result<bool> Store::add(const rules::Alert& alert) {
  if (in_round_) round_.push_back(alert);
  bool fresh = false;
  TOCSIN_CHECK(database_->atomically([&]() -> Result<void> {
    TOCSIN_TRY(fresh, insert(alert));
    return {};
  }));
  (fresh ? counts_.stored : counts_.known) += 1;
  return fresh;
}

Result<bool> Store::insert(const rules::Alert& alert) {
  TOCSIN_TRY(auto put,
             database_->statement("INSERT OR IGNORE INTO alert(id, time, stored, severity, engine, rule, title, "
                                  "attack, host, exercise, count, json) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"));
  const auto short_form = responders::summarize(alert);
  std::string attack;
  for (const auto& tag : short_form.attack) attack += (attack.empty() ? "" : ",") + tag;
  put.bind_blob(digest_bytes(alert.id)).bind(alert.time).bind(clock_.now()).bind(static_cast<int>(alert.severity));
  put.bind(rules::engine_name(short_form.engine)).bind(short_form.rule).bind(short_form.title).bind(attack);
  put.bind(alert.host).bind(alert.exercise == Exercise::yes ? 1 : 0).bind(alert.count).bind(rules::render_json(alert));
  TOCSIN_TRY(const auto changed, put.run());
  if (changed == 0) return false;
  TOCSIN_TRY(const auto sequence, database_->query_number("SELECT last_insert_rowid()"));
  std::set<std::pair<std::string_view, std::string_view>> known;
  for (const auto& entity : alert.entities) {
    if (!known.emplace(rules::entity_kind_name(entity.kind), entity.value).second) continue;
    TOCSIN_TRY(auto link, database_->statement("INSERT OR IGNORE INTO alert_entity(value, kind, alert) VALUES(?,?,?)"));
    link.bind(entity.value).bind(rules::entity_kind_name(entity.kind)).bind(sequence);
    TOCSIN_CHECK(link.run());
  }
  return true;
}

Result<void> Store::set_position(std::string_view source, std::string_view value) {
  TOCSIN_TRY(auto put, database_->statement("INSERT OR REPLACE INTO position(source, value, updated) VALUES(?,?,?)"));
  put.bind(source).bind(value).bind(clock_.now());
  TOCSIN_CHECK(put.run());
  return {};
}

Result<void> Store::set_detector(std::string_view engine, std::string_view state) {
  TOCSIN_TRY(auto put, database_->statement("INSERT OR REPLACE INTO detector(engine, state, updated) VALUES(?,?,?)"));
  put.bind(engine).bind_blob(as_bytes(state)).bind(clock_.now());
  TOCSIN_CHECK(put.run());
  return {};
}

Result<void> Store::set_segment(const SegmentRow& segment) { return records_->put_segment(segment); }

Result<Committed> Store::commit() {
  if (!in_round_) return fail(Code::conflict, "no round of the store is open");
  // A full disk may have ended the transaction under us: then nothing of the round is there.
  Result<void> done =
      database_->in_transaction()
          ? database_->commit()
          : Result<void>(fail(Code::exhausted, "the store ended the round: there is no room on its disk"));
  if (!done) {
    const Error error = done.error();
    rollback();
    stumble(error);
    return std::unexpected(error);
  }
  in_round_ = false;
  round_.clear();
  if (full_since_ != Time{}) recover();
  return counts_;
}

void Store::rollback() {
  database_->rollback();
  if (journal_) journal_->forget();
  if (!in_round_) return;
  in_round_ = false;
  keep_for_later(std::exchange(round_, {}));
}

void Store::keep_for_later(std::vector<rules::Alert> alerts) {
  for (auto& alert : alerts) {
    if (backlog_.size() >= options_.backlog_most) {
      ++lost_;
      ++lost_since_full_;
    } else {
      backlog_.push_back(std::move(alert));
    }
  }
}

std::vector<rules::Alert> Store::take_backlog() {
  std::vector<rules::Alert> out(std::make_move_iterator(backlog_.begin()), std::make_move_iterator(backlog_.end()));
  backlog_.clear();
  return out;
}

void Store::stumble(const Error& error) {
  if (error.code != Code::exhausted) return;
  const auto now = clock_.now();
  if (full_since_ == Time{}) full_since_ = now;
  retry_at_ = now + options_.retry;
  trouble_ = error.message;
}

// There is room again. What was lost meanwhile is put on record; failing that, it stays counted in `lost`.
void Store::recover() {
  if (lost_since_full_ != 0 &&
      !records_->add_blind({"store", "disk full", full_since_, clock_.now(), lost_since_full_, Exercise::no}))
    return;
  full_since_ = retry_at_ = Time{};
  lost_since_full_ = 0;
  trouble_.clear();
}

Result<void> Store::write_round(std::span<const rules::Alert> alerts, const Checkpoint* rest,
                                const std::function<Result<void>(const rules::Alert&)>& take) {
  for (const auto& alert : alerts) {
    TOCSIN_TRY(const bool fresh, add(alert));
    if (fresh && take) TOCSIN_CHECK(take(alert));
  }
  if (rest == nullptr) return {};
  for (const auto& [source, value] : rest->positions) TOCSIN_CHECK(set_position(source, value));
  for (const auto& [engine, state] : rest->detectors) TOCSIN_CHECK(set_detector(engine, state));
  for (const auto& segment : rest->segments) TOCSIN_CHECK(set_segment(segment));
  return {};
}

Result<Committed> Store::commit(Checkpoint checkpoint, const std::function<Result<void>(const rules::Alert&)>& take,
                                const std::function<void()>& committed) {
  auto alerts = take_backlog();
  std::ranges::move(checkpoint.alerts, std::back_inserter(alerts));
  const auto keep_from = [&](std::size_t first) {
    alerts.erase(alerts.begin(), alerts.begin() + static_cast<std::ptrdiff_t>(first));
    keep_for_later(std::move(alerts));
  };
  Committed total;
  std::size_t from = 0;
  do {
    if (auto begun = begin(); !begun) {
      keep_from(from);
      return std::unexpected(std::move(begun).error());
    }
    const auto round = std::span(alerts).subspan(from, std::min(options_.round_most, alerts.size() - from));
    from += round.size();
    auto done = write_round(round, from == alerts.size() ? &checkpoint : nullptr, take);
    if (!done) {
      round_.assign(round.begin(), round.end());
      rollback();
      stumble(done.error());
      keep_from(from);
      return std::unexpected(std::move(done).error());
    }
    const auto counts = commit();
    if (!counts) {
      keep_from(from);
      return std::unexpected(counts.error());
    }
    total.stored += counts->stored;
    total.known += counts->known;
    if (committed) committed();
  } while (from < alerts.size());
  return total;
}

Result<std::map<std::string, std::string>> Store::positions() {
  TOCSIN_TRY(auto query, database_->statement("SELECT source, value FROM position"));
  std::map<std::string, std::string> out;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return out;
    out.emplace(query.text(0), query.text(1));
  }
}

Result<std::string> Store::detector(std::string_view engine) {
  TOCSIN_TRY(auto query, database_->statement("SELECT state FROM detector WHERE engine = ?"));
  query.bind(engine);
  TOCSIN_TRY(const bool row, query.step());
  return row ? std::string(as_text(query.blob(0))) : std::string{};
}

StoreStatus Store::status() const {
  StoreStatus out;
  out.state = mode_ == OpenMode::read_only ? StoreState::read_only
              : full_since_ != Time{}      ? StoreState::full
                                           : StoreState::ready;
  out.trouble = trouble_;
  out.full_since = full_since_;
  out.backlog = backlog_.size();
  out.lost = lost_;
  for (const char* name : {"store.db", "store.db-wal"}) {
    std::error_code error;
    const auto size = filesystem::file_size(directory_ / name, error);
    if (!error) out.bytes += size;
  }
  return out;
}

Result<std::uint64_t> Store::retain_alerts(Time older_than) {
  std::uint64_t deleted = 0;
  auto done = database_->atomically([&]() -> Result<void> {
    TOCSIN_TRY(auto unmap, database_->statement("DELETE FROM incident_alert WHERE alert IN (SELECT id FROM alert WHERE "
                                                "time < ?)"));
    unmap.bind(older_than);
    TOCSIN_CHECK(unmap.run());
    TOCSIN_TRY(auto drop, database_->statement("DELETE FROM alert WHERE time < ?"));
    drop.bind(older_than);
    TOCSIN_TRY(deleted, drop.run());
    return {};
  });
  if (!done) return std::unexpected(std::move(done).error());
  return deleted;
}

Result<std::uint64_t> Store::retain_bytes(std::uint64_t bytes) {
  constexpr int portion = 500;  // alerts per transaction: the casework thread has other work
  std::uint64_t deleted = 0;
  TOCSIN_TRY(const auto page, database_->query_number("PRAGMA page_size"));
  for (;;) {
    TOCSIN_TRY(const auto pages, database_->query_number("PRAGMA page_count"));
    TOCSIN_TRY(const auto unused, database_->query_number("PRAGMA freelist_count"));
    if (static_cast<std::uint64_t>((pages - unused) * page) <= bytes) return deleted;
    TOCSIN_TRY(const auto limit,
               database_->query_number(
                   fmt::format("SELECT max(time) FROM (SELECT time FROM alert ORDER BY time LIMIT {})", portion)));
    TOCSIN_TRY(const auto gone, retain_alerts(Time{Duration{limit + 1}}));
    if (gone == 0) return deleted;  // what is left is the journal and its kin, which stay
    deleted += gone;
  }
}

Result<void> Store::verify() {
  TOCSIN_TRY(const auto sound, database_->query_text("PRAGMA integrity_check(1)"));
  if (sound != "ok") return fail(Code::invalid, fmt::format("{} is damaged: {}", database_->path(), sound));
  TOCSIN_CHECK(verify_chain(*database_, "journal"));
  TOCSIN_CHECK(verify_chain(*database_, "audit"));
  return {};
}

}  // namespace tocsin::daemon
