#include "daemon/app/evidence/evidence_export.h"

#include <unistd.h>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/base64.h"
#include "collectors/base/counted.h"
#include "collectors/base/text.h"
#include "collectors/packet/capture/pcapng.h"
#include "daemon/app/evidence/evidence_book.h"
#include "daemon/app/live/call_facts.h"
#include "daemon/store/reader.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using responders::Evidence;

constexpr std::uint64_t together_most = 512ULL << 20;
constexpr std::size_t row_bytes = 192U << 10;

responders::Actor asker(const Call& call) {
  if (call.peer().process != 0) return actor_of(call);
  return {static_cast<std::uint32_t>(::getuid()), responders::Actor::nobody, "tocsin"};
}

struct Found {
  std::vector<Evidence> pieces;
  std::uint64_t bytes = 0;
  std::size_t removed = 0;
};

Result<Found> captures_of(StoreReader& reader, IncidentId incident) {
  Found out;
  TOCSIN_TRY(auto kept, reader.records().evidence_of(incident));
  for (auto& piece : kept) {
    if (piece.collector != capture_collector) continue;
    TOCSIN_TRY(const auto custody, reader.records().custody(piece.digest));
    if (!custody.empty() && custody.back().act == responders::CustodyAct::removed) {
      ++out.removed;
      continue;
    }
    out.bytes += piece.size;
    out.pieces.push_back(std::move(piece));
  }
  return out;
}

// False: nobody listens any more.
bool send(Bytes bytes, Reply& reply) {
  for (std::string_view rest = as_text(bytes); !rest.empty();) {
    json::object row;
    row["data"] = to_base64(rest.substr(0, row_bytes));
    if (!reply.row(json::serialize(row))) return false;
    rest.remove_prefix(std::min(rest.size(), row_bytes));
  }
  return true;
}

// The one piece whose digest begins like this.
Result<Evidence> find_piece(StoreReader& reader, std::string_view start) {
  constexpr std::size_t least = 4;
  const auto wanted = lower_ascii(start);
  if (wanted.size() < least || wanted.find_first_not_of("0123456789abcdef") != std::string::npos)
    return fail(Code::usage, fmt::format("a piece of evidence is named by its SHA-256, or {} digits of it or more; see "
                                         "`tocsin evidence list --wide`",
                                         least));
  TOCSIN_TRY(auto kept, reader.records().evidence_of({}));
  std::vector<Evidence> found;
  for (auto& piece : kept)
    if (render_digest(piece.digest).starts_with(wanted)) found.push_back(std::move(piece));
  if (found.empty())
    return fail(Code::not_found,
                fmt::format("the vault has nothing whose SHA-256 begins with {}; see `tocsin evidence list`", wanted));
  if (found.size() > 1)
    return fail(Code::usage, fmt::format("{} pieces begin with {}; give more of the SHA-256", found.size(), wanted));
  return found.front();
}

Result<void> export_piece(const std::filesystem::path& store, const VaultAccess& access, const Call& call,
                          Reply& reply) {
  TOCSIN_TRY(const auto name, call.require("piece"));
  const auto reason = call.text("reason").value_or("");
  TOCSIN_TRY(const auto reader, StoreReader::open(store));
  TOCSIN_TRY(const auto piece, find_piece(*reader, name));
  const auto actor = asker(call);
  std::vector<std::uint8_t> bytes;
  TOCSIN_CHECK(access([&](Vault& vault) -> Result<void> {
    TOCSIN_TRY(bytes, vault.hand_out(piece.digest, actor, reason.empty() ? "asked for" : reason));
    return {};
  }));
  if (!send(bytes, reply)) return {};
  reply.summary("message", fmt::format("{}: {}", piece.name, counted(bytes.size(), "byte")));
  return {};
}

Result<void> export_pcap(const std::filesystem::path& store, const VaultAccess& access, const Call& call,
                         Reply& reply) {
  TOCSIN_TRY(const auto name, call.require("incident"));
  const auto reason = call.text("reason").value_or("");
  TOCSIN_TRY(const auto reader, StoreReader::open(store));
  TOCSIN_TRY(const auto id, reader->find_incident(name));
  TOCSIN_TRY(const auto incident, reader->incident(id));
  TOCSIN_TRY(const auto found, captures_of(*reader, id));
  if (found.pieces.empty())
    return fail(Code::not_found,
                found.removed != 0
                    ? fmt::format("the packets of {} were removed for newer evidence; see `tocsin evidence list "
                                  "--incident {}`",
                                  incident.alias, incident.alias)
                    : fmt::format("no packets are kept for {}: none of its alerts was raised on packets, or they were "
                                  "gone from memory (evidence.recent_packets); see `tocsin evidence list`",
                                  incident.alias));
  if (found.bytes > together_most)
    return fail(Code::exhausted, fmt::format("the packets of {} are {} bytes, more than {} at once; take them piece by "
                                             "piece from the vault",
                                             incident.alias, found.bytes, together_most));
  const auto actor = asker(call);
  std::vector<std::vector<std::uint8_t>> sections;
  for (const auto& piece : found.pieces) {
    TOCSIN_CHECK(access([&](Vault& vault) -> Result<void> {
      TOCSIN_TRY(auto bytes,
                 vault.hand_out(piece.digest, actor, reason.empty() ? "packets of " + incident.alias : reason));
      sections.push_back(std::move(bytes));
      return {};
    }));
    reply.progress("pieces of evidence", sections.size(), found.pieces.size());
  }
  const std::vector<Bytes> views(sections.begin(), sections.end());
  const auto merged = collectors::merge_captures(views, fmt::format("incident {} {}", incident.alias, incident.title));
  if (!send(merged.bytes, reply)) return {};
  reply.summary("message",
                fmt::format("{}: {} of {}, {}{}", incident.alias, counted(merged.packets, "packet"),
                            counted(views.size(), "flow"), counted(merged.bytes.size(), "byte"),
                            found.removed == 0 ? "" : "; removed before: " + counted(found.removed, "flow")));
  return {};
}

}  // namespace

VaultAccess vault_of(std::filesystem::path store, std::string key, const Clock& clock) {
  return [store = std::move(store), key = std::move(key), &clock](const auto& work) -> Result<void> {
    auto opened = find_vault_key(key, store, MakeKey::no);
    if (!opened)
      return std::unexpected(std::move(opened).error().within("the vault of this store needs its key: --key FILE"));
    auto writer = Store::open(store, OpenMode::create, clock);
    if (!writer && writer.error().code == Code::conflict)
      return fail(Code::conflict, "tocsind has this store open; leave --store out and ask it");
    if (!writer) return std::unexpected(std::move(writer).error());
    Vault vault(**writer, *opened, clock);
    return work(vault);
  };
}

void add_evidence_export(MethodTable& methods, const std::filesystem::path& store, VaultAccess access) {
  methods.add({"evidence.pcap", Role::analyst, "the packets of an incident",
               [store, access](const Call& c, Reply& r) { return export_pcap(store, access, c, r); }});
  methods.add({"evidence.get", Role::analyst, "one piece of evidence",
               [store, access](const Call& c, Reply& r) { return export_piece(store, access, c, r); }});
}

}  // namespace tocsin::daemon
