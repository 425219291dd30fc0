#pragma once
// Questions to the store, on a connection that can only read. One thread per reader; open as many as there are threads
// (control sessions, reports). Never blocks the writer.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/store/database.h"
#include "daemon/store/records.h"
#include "responders/incident/incident.h"
#include "responders/incident/journal.h"
#include "rules/alert.h"

namespace tocsin::daemon {

enum class ExerciseFilter : std::uint8_t { with, without, only };
enum class Order : std::uint8_t { oldest_first, newest_first };

struct AlertQuery {
  std::optional<Time> since;  // alert.time >= since
  std::optional<Time> until;  // alert.time < until
  std::string rule;           // rule id; empty = any, so for all texts
  std::string engine;
  std::string host;
  std::string entity;  // value of any entity: an address, a user, a path
  std::uint8_t severity_least = 0;
  ExerciseFilter exercise = ExerciseFilter::with;
  std::optional<IncidentId> incident;
  Order order = Order::newest_first;
  std::size_t limit = 100;
  std::string cursor;  // `next` of the page before; same query otherwise
};
struct AlertRow {
  rules::AlertId id;
  Time time{};
  IncidentId incident;  // zero when in none
  std::string json;     // as rules::render_json wrote it
};
struct AlertPage {
  std::vector<AlertRow> alerts;
  std::string next;  // empty: no more
};

struct IncidentQuery {
  std::optional<Time> since;  // changed since
  std::optional<Time> until;  // opened before
  std::string state;          // "new", …, or "open" for all but closed
  std::string host;
  std::string owner;
  std::uint8_t severity_least = 0;
  ExerciseFilter exercise = ExerciseFilter::with;
  Order order = Order::newest_first;
  std::size_t limit = 100;
  std::string cursor;
};
struct IncidentRow {
  IncidentId id;
  std::string alias;
  std::string title;
  std::uint8_t severity = 0;
  std::string state;
  std::string verdict;
  std::string owner;
  std::string host;
  Exercise exercise = Exercise::no;
  Time opened{};
  Time closed{};
  Time updated{};
  Time first_event{};
  Time last_event{};
  std::uint64_t alert_count = 0;
  std::uint64_t revision = 0;
  IncidentId merged_into;
};
struct IncidentPage {
  std::vector<IncidentRow> incidents;
  std::string next;
};
std::string render_json(const IncidentRow& row);

// The columns reports count by.
struct AlertFacts {
  Time time{};
  std::uint8_t severity = 0;
  std::string_view engine;
  std::string_view rule;
  std::string_view title;
  std::string_view attack;  // tags, joined by commas
  std::string_view host;
  std::uint64_t count = 1;
  Exercise exercise = Exercise::no;
  rules::Tlp tlp = rules::Tlp::none;
};

class StoreReader {
 public:
  static Result<std::unique_ptr<StoreReader>> open(const std::filesystem::path& directory);

  Result<AlertPage> alerts(const AlertQuery& query);
  // By full id or a prefix of at least 4 hex digits; not_found, conflict when several begin so.
  Result<AlertRow> alert(std::string_view id);
  // Every alert of a period in time order; `each` must not keep the views.
  Result<void> facts(Time since, Time until, const std::function<void(const AlertFacts&)>& each);
  Result<void> facts(IncidentId incident, const std::function<void(const AlertFacts&)>& each);

  Result<IncidentPage> incidents(const IncidentQuery& query);
  // Alias ("INC-2026-0042", "2026-0042", "42" of this year's last), UUID or its prefix.
  Result<IncidentId> find_incident(std::string_view name);
  Result<responders::Incident> incident(IncidentId id);
  Result<std::vector<responders::JournalRecord>> journal_of(IncidentId id);

  // Of one kind ("run_recorded") over all incidents, in journal order; exercises left out.
  Result<std::vector<responders::Change>> changes(Time since, Time until, std::string_view kind);

  Result<std::vector<BlindInterval>> blind(Time since, Time until);
  Result<std::vector<AuditEntry>> audit(Time since, Time until, std::size_t limit);
  Result<std::vector<RunStepRow>> steps(Time since, Time until, ExerciseFilter exercise);
  Result<responders::ChainHead> verify_journal();
  Result<responders::ChainHead> verify_audit();
  // Reading calls only.
  Records& records() noexcept { return records_; }
  const std::filesystem::path& directory() const noexcept { return directory_; }
  // One consistent view over several calls, until the returned hold is gone.
  class Snapshot {
   public:
    explicit Snapshot(Database& database) : database_(&database) {}
    Snapshot(Snapshot&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Snapshot& operator=(Snapshot&&) = delete;
    ~Snapshot() {
      if (database_ != nullptr) database_->rollback();
    }

   private:
    Database* database_;
  };
  Result<Snapshot> snapshot();

 private:
  StoreReader(std::filesystem::path directory, std::unique_ptr<Database> database)
      : directory_(std::move(directory)), database_(std::move(database)), records_(*database_) {}

  std::filesystem::path directory_;
  std::unique_ptr<Database> database_;
  Records records_;
};

}  // namespace tocsin::daemon
