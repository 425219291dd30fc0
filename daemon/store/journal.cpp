#include "daemon/store/journal.h"

#include <algorithm>

#include "responders/incident/decide.h"

namespace tocsin::daemon {

using responders::Change;
using responders::Incident;

Digest128 read_digest128(Bytes bytes) noexcept {
  ByteReader in(bytes);
  const auto high = in.u64();
  const auto low = in.u64();
  return in.ok() ? Digest128{high, low} : Digest128{};
}

std::array<std::uint8_t, 16> digest_bytes(const Digest128& digest) noexcept {
  std::array<std::uint8_t, 16> out{};
  for (std::size_t i = 0; i < 8; ++i) {
    out[i] = static_cast<std::uint8_t>(digest.high >> (56 - 8 * i));
    out[8 + i] = static_cast<std::uint8_t>(digest.low >> (56 - 8 * i));
  }
  return out;
}

Uuid read_uuid(Bytes bytes) noexcept {
  Uuid uuid;
  if (bytes.size() == uuid.bytes.size()) std::ranges::copy(bytes, uuid.bytes.begin());
  return uuid;
}

Sha256 read_sha256(Bytes bytes) noexcept {
  Sha256 digest{};
  if (bytes.size() == digest.size()) std::ranges::copy(bytes, digest.begin());
  return digest;
}

Result<std::vector<Change>> read_changes(Database& database, IncidentId id) {
  TOCSIN_TRY(auto query, database.statement("SELECT json FROM journal WHERE incident = ? ORDER BY sequence"));
  query.bind_blob(id.uuid.bytes);
  std::vector<Change> out;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return out;
    TOCSIN_TRY(auto change, responders::parse_change(query.text(0)));
    out.push_back(std::move(change));
  }
}

Result<responders::ChainHead> verify_chain(Database& database, std::string_view table) {
  TOCSIN_TRY(auto query, database.statement("SELECT sequence, json, previous, hash FROM " + std::string(table) +
                                            " ORDER BY sequence"));
  responders::ChainVerifier verifier;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return verifier.head();
    TOCSIN_CHECK(verifier.take(
        {query.number(0), std::string(query.text(1)), read_sha256(query.blob(2)), read_sha256(query.blob(3))}));
  }
}

void StoreJournal::forget() {
  head_.reset();
  folded_.clear();
}

Result<responders::ChainHead> StoreJournal::head() {
  if (head_) return *head_;
  TOCSIN_TRY(auto query, database_.statement("SELECT sequence, hash FROM journal ORDER BY sequence DESC LIMIT 1"));
  TOCSIN_TRY(const bool row, query.step());
  head_ = row ? responders::ChainHead{query.number(0), read_sha256(query.blob(1))} : responders::ChainHead{};
  return *head_;
}

Result<void> StoreJournal::append(std::span<const Change> changes) {
  auto done = database_.atomically([&]() -> Result<void> {
    for (const auto& change : changes) {
      TOCSIN_CHECK(write(change));
      TOCSIN_CHECK(index(change));
    }
    return {};
  });
  if (!done) forget();
  return done;
}

Result<void> StoreJournal::write(const Change& change) {
  TOCSIN_TRY(const auto before, head());
  const auto json = responders::render_json(change);
  const auto sequence = before.sequence + 1;
  const auto hash = responders::chain_hash(before.hash, sequence, json);
  TOCSIN_TRY(auto insert, database_.statement("INSERT INTO journal(sequence, incident, time, kind, uid, login_uid, "
                                              "previous, hash, json) VALUES(?,?,?,?,?,?,?,?,?)"));
  insert.bind(sequence).bind_blob(change.incident.uuid.bytes).bind(change.time);
  insert.bind(responders::change_name(change.body)).bind(change.actor.uid).bind(change.actor.login_uid);
  insert.bind_blob(before.hash).bind_blob(hash).bind(json);
  TOCSIN_CHECK(insert.run());
  head_ = responders::ChainHead{sequence, hash};
  // Repeats too: they are known by this table alone.
  if (const auto* absorbed = std::get_if<responders::change::Absorbed>(&change.body)) {
    TOCSIN_TRY(auto move, database_.statement("UPDATE incident_alert SET incident = ? WHERE incident = ?"));
    move.bind_blob(change.incident.uuid.bytes).bind_blob(absorbed->other.uuid.bytes);
    TOCSIN_CHECK(move.run());
  }
  for (const auto& alert : responders::alerts_brought(change)) {
    TOCSIN_TRY(auto map, database_.statement("INSERT INTO incident_alert(alert, incident) VALUES(?,?) "
                                             "ON CONFLICT(alert) DO UPDATE SET incident = excluded.incident"));
    map.bind_blob(digest_bytes(alert)).bind_blob(change.incident.uuid.bytes);
    TOCSIN_CHECK(map.run());
  }
  return {};
}

// Before or after the change was written, the fold must see it exactly once: a miss reads the journal, which has it.
Result<Incident*> StoreJournal::folded(IncidentId id) {
  if (const auto found = folded_.find(id); found != folded_.end()) return &found->second;
  if (folded_.size() >= folded_most) folded_.clear();
  TOCSIN_TRY(const auto all, read_changes(database_, id));
  return &(folded_[id] = responders::fold(all, id));
}

Result<void> StoreJournal::index(const Change& change) {
  const bool remembered = folded_.contains(change.incident);
  TOCSIN_TRY(auto* incident, folded(change.incident));
  if (remembered) *incident = responders::evolve(std::move(*incident), change);
  const auto parts = responders::parse_alias(incident->alias).value_or(responders::AliasParts{});
  TOCSIN_TRY(
      auto upsert,
      database_.statement("INSERT INTO incident(id, alias, year, number, opening, title, severity, state, verdict, "
                          "owner, host, exercise, opened, closed, updated, first_event, last_event, alert_count, "
                          "revision, merged_into) VALUES(?,?,?,?,(SELECT count(*) FROM incident),?,?,?,?,?,?,?,?,?,"
                          "?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET title = excluded.title, severity = "
                          "excluded.severity, state = excluded.state, verdict = excluded.verdict, owner = "
                          "excluded.owner, closed = excluded.closed, updated = excluded.updated, first_event = "
                          "excluded.first_event, last_event = excluded.last_event, alert_count = "
                          "excluded.alert_count, revision = excluded.revision, merged_into = excluded.merged_into"));
  const auto& i = *incident;
  upsert.bind_blob(i.id.uuid.bytes).bind(i.alias).bind(parts.year).bind(parts.number).bind(i.title);
  upsert.bind(static_cast<int>(i.severity)).bind(responders::state_name(i.state));
  upsert.bind(i.verdict ? responders::verdict_name(*i.verdict) : std::string_view{}).bind(i.owner).bind(i.host);
  upsert.bind(i.exercise == Exercise::yes ? 1 : 0).bind(i.times.opened).bind(i.times.closed).bind(i.updated);
  upsert.bind(i.times.first_event).bind(i.times.last_event).bind(i.alert_count).bind(i.revision);
  if (i.merged_into) upsert.bind_blob(i.merged_into.uuid.bytes);
  else upsert.bind_null();
  TOCSIN_CHECK(upsert.run());
  return {};
}

Result<std::vector<Change>> StoreJournal::changes(IncidentId id) { return read_changes(database_, id); }

Result<std::vector<IncidentId>> StoreJournal::open_incidents() {
  TOCSIN_TRY(auto query, database_.statement("SELECT id FROM incident WHERE state <> 'closed' ORDER BY opening"));
  std::vector<IncidentId> out;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return out;
    out.push_back({read_uuid(query.blob(0))});
  }
}

Result<std::optional<IncidentId>> StoreJournal::incident_of(const rules::AlertId& alert) {
  TOCSIN_TRY(auto query, database_.statement("SELECT incident FROM incident_alert WHERE alert = ?"));
  query.bind_blob(digest_bytes(alert));
  TOCSIN_TRY(const bool row, query.step());
  if (!row) return std::nullopt;
  return IncidentId{read_uuid(query.blob(0))};
}

Result<std::uint32_t> StoreJournal::last_number(int year) {
  TOCSIN_TRY(auto query, database_.statement("SELECT max(number) FROM incident WHERE year = ?"));
  query.bind(year);
  TOCSIN_TRY(const bool row, query.step());
  return row ? static_cast<std::uint32_t>(query.integer(0)) : 0U;
}

Result<responders::ChainHead> StoreJournal::verify() { return verify_chain(database_, "journal"); }

}  // namespace tocsin::daemon
