#include "daemon/store/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "daemon/store/journal.h"
#include "daemon/store/schema.h"
#include "responders/incident/decide.h"

namespace tocsin::daemon {
namespace {

constexpr std::size_t limit_most = 100'000;
constexpr std::size_t start_least = 4;  // digits of an id that name its owner

// A WHERE clause and what is bound into it, in order. Only texts written here become SQL.
class Filter {
 public:
  void add(std::string_view condition) {
    sql_ += sql_.empty() ? " WHERE " : " AND ";
    sql_ += condition;
  }
  template <class T>
  void add(std::string_view condition, const T& value) {
    add(condition);
    values_.push_back(value);
  }
  void bind(std::string value) { values_.emplace_back(std::move(value)); }
  void bind(std::int64_t value) { values_.emplace_back(value); }
  const std::string& sql() const noexcept { return sql_; }
  void apply(Statement& statement) const {
    for (const auto& value : values_) {
      if (const auto* text = std::get_if<std::string>(&value)) statement.bind(*text);
      else if (const auto* number = std::get_if<std::int64_t>(&value)) statement.bind(*number);
      else statement.bind_blob(std::get<std::vector<std::uint8_t>>(value));
    }
  }

 private:
  std::string sql_;
  std::vector<std::variant<std::string, std::int64_t, std::vector<std::uint8_t>>> values_;
};

std::int64_t count_of(Time time) { return time.time_since_epoch().count(); }

// "time.sequence": where the page before ended.
struct Cursor {
  std::int64_t time = 0;
  std::int64_t sequence = 0;
};
Result<std::optional<Cursor>> parse_cursor(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto parts = split(text, '.');
  if (parts.size() == 2) {
    const auto time = parse_signed(parts[0]);
    const auto sequence = parse_signed(parts[1]);
    if (time && sequence) return Cursor{*time, *sequence};
  }
  return fail(Code::usage, "that cursor is not one of ours; repeat the query without it");
}

void filter_exercise(Filter& filter, ExerciseFilter exercise) {
  if (exercise == ExerciseFilter::without) filter.add("exercise = 0");
  if (exercise == ExerciseFilter::only) filter.add("exercise = 1");
}

void filter_cursor(Filter& filter, const std::optional<Cursor>& cursor, Order order, std::string_view time,
                   std::string_view sequence) {
  if (!cursor) return;
  filter.add(fmt::format("({}, {}) {} (?, ?)", time, sequence, order == Order::newest_first ? '<' : '>'));
  filter.bind(cursor->time);
  filter.bind(cursor->sequence);
}

std::string order_clause(Order order, std::string_view time, std::string_view sequence) {
  return order == Order::newest_first ? fmt::format(" ORDER BY {} DESC, {} DESC LIMIT ?", time, sequence)
                                      : fmt::format(" ORDER BY {}, {} LIMIT ?", time, sequence);
}

Filter alert_filter(const AlertQuery& query) {
  Filter filter;
  if (query.since) filter.add("time >= ?", count_of(*query.since));
  if (query.until) filter.add("time < ?", count_of(*query.until));
  if (!query.rule.empty()) filter.add("rule = ?", query.rule);
  if (!query.engine.empty()) filter.add("engine = ?", query.engine);
  if (!query.host.empty()) filter.add("host = ?", query.host);
  if (query.severity_least > 0) filter.add("severity >= ?", std::int64_t{query.severity_least});
  if (!query.entity.empty()) filter.add("sequence IN (SELECT alert FROM alert_entity WHERE value = ?)", query.entity);
  if (query.incident)
    filter.add("id IN (SELECT alert FROM incident_alert WHERE incident = ?)",
               std::vector<std::uint8_t>(query.incident->uuid.bytes.begin(), query.incident->uuid.bytes.end()));
  filter_exercise(filter, query.exercise);
  return filter;
}

constexpr std::string_view alert_columns =
    "SELECT id, time, json, sequence, (SELECT incident FROM incident_alert WHERE incident_alert.alert = alert.id) FROM "
    "alert";

AlertRow read_alert(const Statement& row) {
  return {read_digest128(row.blob(0)), row.time(1), IncidentId{read_uuid(row.blob(4))}, std::string(row.text(2))};
}

constexpr std::string_view incident_columns =
    "SELECT id, alias, title, severity, state, verdict, owner, host, exercise, opened, closed, updated, first_event, "
    "last_event, alert_count, revision, merged_into, opening FROM incident";

IncidentRow read_incident(const Statement& row) {
  IncidentRow out;
  out.id = {read_uuid(row.blob(0))};
  out.alias = row.text(1);
  out.title = row.text(2);
  out.severity = static_cast<std::uint8_t>(row.integer(3));
  out.state = row.text(4);
  out.verdict = row.text(5);
  out.owner = row.text(6);
  out.host = row.text(7);
  out.exercise = row.integer(8) != 0 ? Exercise::yes : Exercise::no;
  out.opened = row.time(9);
  out.closed = row.time(10);
  out.updated = row.time(11);
  out.first_event = row.time(12);
  out.last_event = row.time(13);
  out.alert_count = row.number(14);
  out.revision = row.number(15);
  out.merged_into = {read_uuid(row.blob(16))};
  return out;
}

}  // namespace

std::string render_json(const IncidentRow& row) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("incident.id", render_uuid(row.id.uuid)).member("incident.alias", row.alias);
  json.member("incident.title", row.title).member("incident.severity", row.severity);
  json.member("incident.state", row.state);
  if (!row.verdict.empty()) json.member("incident.verdict", row.verdict);
  if (!row.owner.empty()) json.member("incident.owner", row.owner);
  json.member("host.name", row.host);
  if (row.exercise == Exercise::yes) json.member("tocsin.exercise", true);
  json.member("first_event", render_time(row.first_event)).member("last_event", render_time(row.last_event));
  json.member("opened", render_time(row.opened));
  if (row.closed != Time{}) json.member("closed", render_time(row.closed));
  json.member("updated", render_time(row.updated)).member("alert_count", row.alert_count);
  json.member("revision", row.revision);
  if (row.merged_into) json.member("incident.merged_into", render_uuid(row.merged_into.uuid));
  json.end_object();
  return out;
}

Result<std::unique_ptr<StoreReader>> StoreReader::open(const std::filesystem::path& directory) {
  const auto path = directory / "store.db";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return fail(Code::not_found, fmt::format("there is no store in {}; start tocsind once, or name its store directory",
                                             directory.string()));
  TOCSIN_TRY(auto database, Database::open(path.string(), DatabaseMode::read));
  TOCSIN_CHECK(check_schema(*database));
  return std::unique_ptr<StoreReader>(new StoreReader(directory, std::move(database)));
}

Result<StoreReader::Snapshot> StoreReader::snapshot() {
  TOCSIN_CHECK(database_->execute("BEGIN"));
  return Snapshot(*database_);
}

Result<AlertPage> StoreReader::alerts(const AlertQuery& query) {
  TOCSIN_TRY(const auto cursor, parse_cursor(query.cursor));
  auto filter = alert_filter(query);
  filter_cursor(filter, cursor, query.order, "time", "sequence");
  const auto limit = std::clamp<std::size_t>(query.limit, 1, limit_most);
  TOCSIN_TRY(auto rows, database_->statement(std::string(alert_columns) + filter.sql() +
                                             order_clause(query.order, "time", "sequence")));
  filter.apply(rows);
  rows.bind(static_cast<std::uint64_t>(limit + 1));
  AlertPage page;
  std::string last;
  for (;;) {
    TOCSIN_TRY(const bool row, rows.step());
    if (!row) return page;
    if (page.alerts.size() == limit) {
      page.next = last;
      return page;
    }
    page.alerts.push_back(read_alert(rows));
    last = fmt::format("{}.{}", rows.integer(1), rows.integer(3));
  }
}

Result<AlertRow> StoreReader::alert(std::string_view id) {
  const auto unknown = [&] {
    return fail(Code::not_found,
                fmt::format("there is no alert {}; list them with `tocsin alert list`", escape_terminal(id)));
  };
  std::string low(id);
  std::string high(id);
  if (id.size() > 32 || id.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) return unknown();
  if (id.size() < start_least)
    return fail(Code::usage, fmt::format("`{}` is too short: give at least {} digits of the alert's id",
                                         escape_terminal(id), start_least));
  low.resize(32, '0');
  high.resize(32, 'f');
  const auto from = parse_hex(low);
  const auto to = parse_hex(high);
  if (!from || !to) return unknown();
  TOCSIN_TRY(auto rows, database_->statement(std::string(alert_columns) + " WHERE id BETWEEN ? AND ? LIMIT 2"));
  rows.bind_blob(*from).bind_blob(*to);
  TOCSIN_TRY(const bool found, rows.step());
  if (!found) return unknown();
  auto out = read_alert(rows);
  TOCSIN_TRY(const bool more, rows.step());
  if (more)
    return fail(Code::conflict, fmt::format("several alerts begin with {}; give more digits", escape_terminal(id)));
  return out;
}

namespace {

constexpr std::string_view fact_columns =
    "SELECT time, severity, engine, rule, title, attack, host, count, exercise, CASE WHEN instr(json, "
    "'\"alert.tlp\":') > 0 THEN coalesce(json_extract(json, '$.\"alert.tlp\"'), '') ELSE '' END FROM alert WHERE ";

// One that is there and cannot be read is taken for the strictest.
rules::Tlp read_marking(std::string_view text) noexcept {
  return text.empty() ? rules::Tlp::none : rules::parse_tlp(text).value_or(rules::Tlp::red);
}

Result<void> read_facts(Statement& rows, const std::function<void(const AlertFacts&)>& each) {
  for (;;) {
    TOCSIN_TRY(const bool row, rows.step());
    if (!row) return {};
    each({rows.time(0), static_cast<std::uint8_t>(rows.integer(1)), rows.text(2), rows.text(3), rows.text(4),
          rows.text(5), rows.text(6), rows.number(7), rows.integer(8) != 0 ? Exercise::yes : Exercise::no,
          read_marking(rows.text(9))});
  }
}

}  // namespace

Result<void> StoreReader::facts(Time since, Time until, const std::function<void(const AlertFacts&)>& each) {
  TOCSIN_TRY(auto rows,
             database_->statement(std::string(fact_columns) + "time >= ? AND time < ? ORDER BY time, sequence"));
  rows.bind(since).bind(until);
  return read_facts(rows, each);
}

Result<void> StoreReader::facts(IncidentId incident, const std::function<void(const AlertFacts&)>& each) {
  TOCSIN_TRY(auto rows, database_->statement(std::string(fact_columns) +
                                             "id IN (SELECT alert FROM incident_alert WHERE incident = ?) "
                                             "ORDER BY time, sequence"));
  rows.bind_blob(incident.uuid.bytes);
  return read_facts(rows, each);
}

Result<IncidentPage> StoreReader::incidents(const IncidentQuery& query) {
  TOCSIN_TRY(const auto cursor, parse_cursor(query.cursor));
  Filter filter;
  if (query.since) filter.add("updated >= ?", count_of(*query.since));
  if (query.until) filter.add("opened < ?", count_of(*query.until));
  if (query.state == "open") filter.add("state <> 'closed'");
  else if (!query.state.empty()) filter.add("state = ?", query.state);
  if (!query.host.empty()) filter.add("host = ?", query.host);
  if (!query.owner.empty()) filter.add("owner = ?", query.owner);
  if (query.severity_least > 0) filter.add("severity >= ?", std::int64_t{query.severity_least});
  filter_exercise(filter, query.exercise);
  filter_cursor(filter, cursor, query.order, "opened", "opening");
  const auto limit = std::clamp<std::size_t>(query.limit, 1, limit_most);
  TOCSIN_TRY(auto rows, database_->statement(std::string(incident_columns) + filter.sql() +
                                             order_clause(query.order, "opened", "opening")));
  filter.apply(rows);
  rows.bind(static_cast<std::uint64_t>(limit + 1));
  IncidentPage page;
  std::string last;
  for (;;) {
    TOCSIN_TRY(const bool row, rows.step());
    if (!row) return page;
    if (page.incidents.size() == limit) {
      page.next = last;
      return page;
    }
    page.incidents.push_back(read_incident(rows));
    last = fmt::format("{}.{}", rows.integer(9), rows.integer(17));
  }
}

Result<IncidentId> StoreReader::find_incident(std::string_view name) {
  if (const auto uuid = parse_uuid(name)) return IncidentId{*uuid};
  std::string alias(name);
  std::ranges::transform(alias, alias.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (parse_unsigned(name)) {
    TOCSIN_TRY(auto rows, database_->statement("SELECT id FROM incident WHERE number = ? ORDER BY year DESC LIMIT 1"));
    rows.bind(*parse_unsigned(name));
    TOCSIN_TRY(const bool found, rows.step());
    if (found) return IncidentId{read_uuid(rows.blob(0))};
  }
  TOCSIN_TRY(auto rows, database_->statement("SELECT id FROM incident WHERE alias IN (?1, 'INC-' || ?1) OR (length(?2) "
                                             ">= 4 AND lower(hex(id)) LIKE replace(?2, '-', '') || '%') LIMIT 2"));
  const bool hex = name.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
  rows.bind(alias).bind(hex ? lower_ascii(name) : std::string());
  TOCSIN_TRY(const bool found, rows.step());
  if (!found && hex && !parse_unsigned(name) && name.size() < start_least)
    return fail(Code::usage,
                fmt::format("`{}` is too short: give the incident's number, or at least {} digits of its id",
                            escape_terminal(name), start_least));
  if (!found)
    return fail(Code::not_found,
                fmt::format("there is no incident {}; list them with `tocsin incident list`", escape_terminal(name)));
  const IncidentId id{read_uuid(rows.blob(0))};
  TOCSIN_TRY(const bool more, rows.step());
  if (more)
    return fail(Code::conflict, fmt::format("several incidents begin with {}; give more of it", escape_terminal(name)));
  return id;
}

Result<responders::Incident> StoreReader::incident(IncidentId id) {
  TOCSIN_TRY(const auto changes, read_changes(*database_, id));
  if (changes.empty()) return fail(Code::not_found, "there is no such incident; list them with `tocsin incident list`");
  return responders::fold(changes, id);
}

Result<std::vector<responders::JournalRecord>> StoreReader::journal_of(IncidentId id) {
  TOCSIN_TRY(auto rows,
             database_->statement("SELECT sequence, json, previous, hash FROM journal WHERE incident = ? ORDER "
                                  "BY sequence"));
  rows.bind_blob(id.uuid.bytes);
  std::vector<responders::JournalRecord> out;
  for (;;) {
    TOCSIN_TRY(const bool row, rows.step());
    if (!row) return out;
    out.push_back({rows.number(0), std::string(rows.text(1)), read_sha256(rows.blob(2)), read_sha256(rows.blob(3))});
  }
}

Result<std::vector<responders::Change>> StoreReader::changes(Time since, Time until, std::string_view kind) {
  TOCSIN_TRY(auto rows,
             database_->statement("SELECT journal.json FROM journal JOIN incident ON incident.id = "
                                  "journal.incident WHERE journal.time >= ? AND journal.time < ? AND kind = ? "
                                  "AND exercise = 0 ORDER BY sequence"));
  rows.bind(since).bind(until).bind(kind);
  std::vector<responders::Change> out;
  for (;;) {
    TOCSIN_TRY(const bool row, rows.step());
    if (!row) return out;
    TOCSIN_TRY(auto change, responders::parse_change(rows.text(0)));
    out.push_back(std::move(change));
  }
}

Result<std::vector<BlindInterval>> StoreReader::blind(Time since, Time until) {
  TOCSIN_TRY(auto rows,
             database_->statement("SELECT source, cause, since, until, count, exercise FROM blind WHERE until "
                                  ">= ? AND since < ? ORDER BY since, id"));
  rows.bind(since).bind(until);
  std::vector<BlindInterval> out;
  for (;;) {
    TOCSIN_TRY(const bool row, rows.step());
    if (!row) return out;
    out.push_back({std::string(rows.text(0)), std::string(rows.text(1)), rows.time(2), rows.time(3), rows.number(4),
                   rows.integer(5) != 0 ? Exercise::yes : Exercise::no});
  }
}

Result<std::vector<RunStepRow>> StoreReader::steps(Time since, Time until, ExerciseFilter exercise) {
  Filter filter;
  filter.add("s.time >= ?", count_of(since));
  filter.add("s.time < ?", count_of(until));
  filter.add("s.phase = 'outcome'");
  filter_exercise(filter, exercise);
  TOCSIN_TRY(auto rows,
             database_->statement("SELECT s.run, s.key, s.step, s.action, s.phase, s.time, s.outcome, s.json "
                                  "FROM run_step AS s JOIN run ON run.id = s.run" +
                                  filter.sql() + " ORDER BY s.id"));
  filter.apply(rows);
  std::vector<RunStepRow> out;
  for (;;) {
    TOCSIN_TRY(const bool row, rows.step());
    if (!row) return out;
    out.push_back({RunId{read_uuid(rows.blob(0))}, std::string(rows.text(1)), std::string(rows.text(2)),
                   std::string(rows.text(3)), std::string(rows.text(4)), rows.time(5), std::string(rows.text(6)),
                   std::string(rows.text(7))});
  }
}

Result<responders::ChainHead> StoreReader::verify_journal() { return verify_chain(*database_, "journal"); }
Result<responders::ChainHead> StoreReader::verify_audit() { return verify_chain(*database_, "audit"); }

}  // namespace tocsin::daemon
