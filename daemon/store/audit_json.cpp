// Audit entries as the chain keeps them, and back for those who read it.
#include <simdjson.h>

#include "collectors/base/json.h"
#include "daemon/store/reader.h"

namespace tocsin::daemon {

std::string render_json(const AuditEntry& entry) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("@timestamp", render_time(entry.time)).member("actor", entry.actor.name);
  json.member("actor.uid", entry.actor.uid).member("actor.login_uid", entry.actor.login_uid);
  json.member("act", entry.act).member("target", entry.target).member("reason", entry.reason);
  json.member("outcome", entry.outcome);
  json.end_object();
  return out;
}

namespace {

std::string text_at(const simdjson::dom::element& object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string{};
}

}  // namespace

Result<std::vector<AuditEntry>> StoreReader::audit(Time since, Time until, std::size_t limit) {
  TOCSIN_TRY(auto rows,
             database_->statement("SELECT sequence, time, uid, login_uid, json FROM audit WHERE time >= ? AND "
                                  "time < ? ORDER BY sequence DESC LIMIT ?"));
  rows.bind(since).bind(until).bind(static_cast<std::uint64_t>(limit));
  simdjson::dom::parser parser;
  std::vector<AuditEntry> out;
  for (;;) {
    TOCSIN_TRY(const bool row, rows.step());
    if (!row) return out;
    simdjson::dom::element object;
    const auto json = rows.text(4);
    if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS)
      return fail(Code::invalid, "an audit entry is not JSON; run `tocsin audit verify`");
    AuditEntry entry{rows.number(0),
                     rows.time(1),
                     {},
                     text_at(object, "act"),
                     text_at(object, "target"),
                     text_at(object, "reason"),
                     text_at(object, "outcome")};
    entry.actor = {static_cast<std::uint32_t>(rows.integer(2)), static_cast<std::uint32_t>(rows.integer(3)),
                   text_at(object, "actor")};
    out.push_back(std::move(entry));
  }
}

}  // namespace tocsin::daemon
