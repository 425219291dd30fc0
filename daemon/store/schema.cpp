#include "daemon/store/schema.h"

#include <fmt/format.h>

#include <array>

namespace tocsin::daemon {
namespace {

constexpr int application_id = 0x746F6373;  // "tocs"

// Times are nanoseconds since 1970 UTC; ids and digests are blobs.
constexpr const char* first_tables = R"sql(
CREATE TABLE alert(
  sequence INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  time INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  engine TEXT NOT NULL,
  rule TEXT NOT NULL,
  title TEXT NOT NULL,
  attack TEXT NOT NULL,
  host TEXT NOT NULL,
  exercise INTEGER NOT NULL,
  count INTEGER NOT NULL,
  json TEXT NOT NULL);
CREATE INDEX alert_time ON alert(time);
CREATE INDEX alert_rule ON alert(rule, time);
CREATE INDEX alert_host ON alert(host, time);
CREATE INDEX alert_severity ON alert(severity, time);
CREATE TABLE alert_entity(
  value TEXT NOT NULL,
  kind TEXT NOT NULL,
  alert INTEGER NOT NULL REFERENCES alert(sequence) ON DELETE CASCADE,
  PRIMARY KEY(value, kind, alert)) WITHOUT ROWID;
CREATE INDEX alert_entity_alert ON alert_entity(alert);
CREATE TABLE journal(
  sequence INTEGER PRIMARY KEY,
  incident BLOB NOT NULL,
  time INTEGER NOT NULL,
  kind TEXT NOT NULL,
  uid INTEGER NOT NULL,
  login_uid INTEGER NOT NULL,
  previous BLOB NOT NULL,
  hash BLOB NOT NULL,
  json TEXT NOT NULL);
CREATE INDEX journal_incident ON journal(incident, sequence);
CREATE TABLE incident(
  id BLOB PRIMARY KEY,
  alias TEXT NOT NULL UNIQUE,
  year INTEGER NOT NULL,
  number INTEGER NOT NULL,
  opening INTEGER NOT NULL,
  title TEXT NOT NULL,
  severity INTEGER NOT NULL,
  state TEXT NOT NULL,
  verdict TEXT NOT NULL,
  owner TEXT NOT NULL,
  host TEXT NOT NULL,
  exercise INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  closed INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  first_event INTEGER NOT NULL,
  last_event INTEGER NOT NULL,
  alert_count INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  merged_into BLOB);
CREATE INDEX incident_updated ON incident(updated);
CREATE INDEX incident_state ON incident(state, opening);
CREATE INDEX incident_number ON incident(year, number);
CREATE TABLE incident_alert(
  alert BLOB PRIMARY KEY,
  incident BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX incident_alert_incident ON incident_alert(incident);
CREATE TABLE audit(
  sequence INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  login_uid INTEGER NOT NULL,
  act TEXT NOT NULL,
  target TEXT NOT NULL,
  previous BLOB NOT NULL,
  hash BLOB NOT NULL,
  json TEXT NOT NULL);
CREATE INDEX audit_time ON audit(time);
CREATE TABLE position(
  source TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE detector(
  engine TEXT PRIMARY KEY,
  state BLOB NOT NULL,
  updated INTEGER NOT NULL);
CREATE TABLE blind(
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  cause TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  count INTEGER NOT NULL,
  exercise INTEGER NOT NULL,
  UNIQUE(source, cause, since));
CREATE INDEX blind_since ON blind(since);
CREATE TABLE evidence(
  digest BLOB PRIMARY KEY,
  size INTEGER NOT NULL,
  name TEXT NOT NULL,
  collector TEXT NOT NULL,
  host TEXT NOT NULL,
  collected INTEGER NOT NULL,
  incident BLOB);
CREATE TABLE custody(
  id INTEGER PRIMARY KEY,
  evidence BLOB NOT NULL REFERENCES evidence(digest),
  act TEXT NOT NULL,
  time INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  login_uid INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  result TEXT NOT NULL);
CREATE INDEX custody_evidence ON custody(evidence, id);
CREATE TABLE segment(
  class TEXT NOT NULL,
  number INTEGER NOT NULL,
  state TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  events INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY(class, number)) WITHOUT ROWID;
CREATE TABLE outbox(
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  key TEXT NOT NULL UNIQUE,
  payload BLOB NOT NULL,
  created INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_attempt INTEGER NOT NULL,
  last_error TEXT NOT NULL);
CREATE INDEX outbox_due ON outbox(next_attempt);
CREATE TABLE report(
  period TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  made INTEGER NOT NULL,
  files TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE run(
  id BLOB PRIMARY KEY,
  incident BLOB NOT NULL,
  playbook TEXT NOT NULL,
  mode TEXT NOT NULL,
  state TEXT NOT NULL,
  exercise INTEGER NOT NULL,
  started INTEGER NOT NULL,
  updated INTEGER NOT NULL);
CREATE INDEX run_incident ON run(incident, started);
CREATE TABLE run_step(
  id INTEGER PRIMARY KEY,
  run BLOB NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  step TEXT NOT NULL,
  action TEXT NOT NULL,
  phase TEXT NOT NULL,
  time INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  json TEXT NOT NULL,
  UNIQUE(key, phase));
CREATE INDEX run_step_run ON run_step(run, id);
CREATE INDEX run_step_time ON run_step(time);
)sql";

constexpr std::array<const char*, 1> steps{first_tables};

Result<std::int64_t> version_of(Database& database) {
  TOCSIN_TRY(const auto found, database.query_number("PRAGMA user_version"));
  if (found < 0)
    return fail(Code::invalid, database.path() + " has an impossible schema version; restore the store from a backup");
  return found;
}

std::unexpected<Error> newer(const Database& database, std::int64_t found) {
  return fail(Code::conflict, fmt::format("the store {} was written by a newer tocsin (schema {}, this one knows {}); "
                                          "install that version again or restore the backup made before the upgrade",
                                          database.path(), found, schema_version()));
}

}  // namespace

int schema_version() noexcept { return static_cast<int>(steps.size()); }

Result<void> migrate(Database& database) {
  TOCSIN_TRY(const auto found, version_of(database));
  TOCSIN_TRY(const auto application, database.query_number("PRAGMA application_id"));
  TOCSIN_TRY(const auto tables, database.query_number("SELECT count(*) FROM sqlite_schema"));
  if (tables != 0 && application != application_id)
    return fail(Code::invalid,
                fmt::format("{} is an SQLite file but not a store of tocsin; name another directory", database.path()));
  if (found > schema_version()) return newer(database, found);
  TOCSIN_CHECK(database.execute("PRAGMA journal_mode = WAL"));
  for (auto step = static_cast<std::size_t>(found); step < steps.size(); ++step) {
    TOCSIN_CHECK(database.begin());
    auto done =
        database.execute(std::string(steps[step]) +
                         fmt::format(";PRAGMA user_version = {};PRAGMA application_id = {}", step + 1, application_id));
    if (done) done = database.commit();
    if (!done) {
      database.rollback();
      return std::unexpected(
          std::move(done).error().within(fmt::format("while migrating the store to schema {}", step + 1)));
    }
  }
  return {};
}

Result<void> check_schema(Database& database) {
  TOCSIN_TRY(const auto found, version_of(database));
  if (found > schema_version()) return newer(database, found);
  if (found < schema_version())
    return fail(Code::conflict, fmt::format("the store {} has schema {}, this tocsin reads {}; start tocsind once to "
                                            "migrate it",
                                            database.path(), found, schema_version()));
  return {};
}

}  // namespace tocsin::daemon
