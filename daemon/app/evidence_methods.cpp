#include "daemon/app/evidence_methods.h"

#include <optional>
#include <set>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "daemon/app/asked.h"
#include "daemon/store/reader.h"
#include "daemon/store/vault/vault.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using responders::Evidence;
using std::filesystem::path;

struct Piece {
  Evidence evidence;
  std::string incident;  // alias
  bool kept = false;     // in the vault; otherwise only named by an incident
};

// What the vault's catalogue has, then what incidents name besides it.
Result<std::vector<Piece>> pieces_of(StoreReader& reader, IncidentId only) {
  std::vector<Piece> out;
  TOCSIN_TRY(auto kept, reader.records().evidence_of(only));
  std::set<Sha256> seen;
  for (auto& evidence : kept) {
    seen.insert(evidence.digest);
    std::string alias;
    if (evidence.incident)
      if (const auto incident = reader.incident(evidence.incident)) alias = incident->alias;
    out.push_back({std::move(evidence), std::move(alias), true});
  }
  IncidentQuery query{.order = Order::oldest_first, .limit = 1000};
  do {
    TOCSIN_TRY(const IncidentPage page, reader.incidents(query));
    for (const auto& row : page.incidents) {
      if (only && row.id != only) continue;
      TOCSIN_TRY(const auto incident, reader.incident(row.id));
      for (const auto& named : incident.evidence)
        if (seen.insert(named.digest).second)
          out.push_back({Evidence{named.digest, named.size, named.name, {}, incident.host, named.collected, row.id},
                         incident.alias, false});
    }
    query.cursor = page.next;
  } while (!query.cursor.empty());
  return out;
}

json::object row_of(const Piece& piece, std::string_view state, std::string_view detail) {
  json::object row;
  row["time"] = render_time(piece.evidence.collected);
  row["incident"] = piece.incident;
  row["name"] = piece.evidence.name;
  row["bytes"] = piece.evidence.size;
  row["state"] = state;
  row["detail"] = detail;
  row["collector"] = piece.evidence.collector;
  row["host"] = piece.evidence.host;
  row["sha256"] = render_digest(piece.evidence.digest);
  return row;
}

Result<IncidentId> wanted_incident(StoreReader& reader, const Call& call) {
  const auto name = call.text("incident");
  if (!name) return IncidentId{};
  return reader.find_incident(*name);
}

Result<void> list_evidence(const path& store, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto wanted, asked(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(store));
  TOCSIN_TRY(const auto incident, wanted_incident(*reader, call));
  TOCSIN_TRY(const auto pieces, pieces_of(*reader, incident));
  RowGate gate(wanted, reply);
  for (const auto& piece : pieces) {
    if (!wanted.in_period(piece.evidence.collected)) continue;
    std::string_view state = piece.kept ? "kept" : "named";
    std::string detail = piece.kept ? "in the vault" : "not in the vault";
    if (piece.kept) {
      TOCSIN_TRY(const auto custody, reader->records().custody(piece.evidence.digest));
      if (!custody.empty() && custody.back().act == responders::CustodyAct::removed) {
        state = "removed";
        detail = custody.back().reason;
      }
    }
    if (!gate.send(row_of(piece, state, detail))) break;
  }
  return {};
}

struct Judged {
  std::string_view state;
  std::string detail;
};

Judged judge(StoreReader& reader, const path& store, const Piece& piece, const VaultKey* key) {
  if (!piece.kept) return {"missing", "an incident names it, the vault does not have it"};
  const auto custody = reader.records().custody(piece.evidence.digest);
  if (!custody) return {"failed", custody.error().text()};
  if (custody->empty() || custody->front().act != responders::CustodyAct::collected)
    return {"failed", "its custody does not begin with its collection"};
  if (custody->back().act == responders::CustodyAct::removed)
    return {"removed", custody->back().reason.empty() ? "for newer evidence" : custody->back().reason};
  if (const auto whole = check_sealed(store, piece.evidence, key); !whole)
    return {whole.error().code == Code::not_found ? "missing" : "failed", whole.error().text()};
  if (key == nullptr) return {"sealed", "there and of the right length; with --store and --key its digest is computed"};
  return {"ok", "its digest is what it was"};
}

Result<void> verify_evidence(const path& store, const Call& call, Reply& reply) {
  TOCSIN_TRY(auto wanted, asked(call));
  if (!call.number("limit")) wanted.limit = 0;
  std::optional<VaultKey> key;
  if (const auto file = call.text("key")) {
    // Only a reader of the directory itself comes without a process at the other end; the daemon opens no key for
    // others.
    if (call.peer().process != 0)
      return fail(Code::usage, "--key is read where the store is: add --store DIR; the daemon opens it for nobody");
    TOCSIN_TRY(key, VaultKey::load(*file));
  }
  TOCSIN_TRY(const auto reader, StoreReader::open(store));
  TOCSIN_TRY(const auto incident, wanted_incident(*reader, call));
  TOCSIN_TRY(const auto pieces, pieces_of(*reader, incident));
  RowGate gate(wanted, reply);
  std::size_t wrong = 0;
  for (const auto& piece : pieces) {
    const auto judged = judge(*reader, store, piece, key ? &*key : nullptr);
    if (judged.state == "missing" || judged.state == "failed") ++wrong;
    if (!gate.send(row_of(piece, judged.state, judged.detail))) break;
  }
  if (wrong != 0)
    return fail(Code::conflict,
                fmt::format("{} of {} pieces of evidence are not what they must be; restore them from a "
                            "backup of {}/evidence",
                            wrong, pieces.size(), store.string()));
  reply.summary("message", pieces.empty() ? "no evidence is kept"
                                          : fmt::format("{} pieces of evidence, none is wrong", pieces.size()));
  return {};
}

}  // namespace

void add_evidence_methods(MethodTable& methods, const path& store) {
  methods.add({"evidence.list", Role::viewer, "evidence and who kept it",
               [store](const Call& c, Reply& r) { return list_evidence(store, c, r); }});
  methods.add({"evidence.verify", Role::viewer, "is evidence what it was",
               [store](const Call& c, Reply& r) { return verify_evidence(store, c, r); }});
}

}  // namespace tocsin::daemon
