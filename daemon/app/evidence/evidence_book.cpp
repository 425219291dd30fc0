#include "daemon/app/evidence/evidence_book.h"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/packet/capture/pcapng.h"

namespace tocsin::daemon {

using responders::Evidence;

Result<VaultKey> find_vault_key(const std::string& named, const std::filesystem::path& store, MakeKey make) {
  if (!named.empty()) return VaultKey::load(named);
  std::error_code error;
  if (const char* directory = std::getenv("CREDENTIALS_DIRECTORY"); directory != nullptr) {
    const auto credential = std::filesystem::path(directory) / "evidence.key";
    if (std::filesystem::exists(credential, error)) return VaultKey::load(credential);
  }
  const auto own = store / "evidence.key";
  if (make == MakeKey::yes && !std::filesystem::exists(own, error)) TOCSIN_CHECK(VaultKey::generate(own));
  return VaultKey::load(own);
}

EvidenceBook::EvidenceBook(Store& store, responders::Casework& casework, const VaultKey& key, const Clock& clock,
                           EvidenceBookOptions options, Transaction transaction)
    : store_(store),
      casework_(casework),
      options_(std::move(options)),
      transaction_(std::move(transaction)),
      vault_(store, key, clock) {}

Result<IncidentId> EvidenceBook::wanted_by(const FlowCapture& capture) {
  for (const auto& alert : capture.alerts) {
    TOCSIN_TRY(const auto found, store_.journal().incident_of(alert));
    if (!found) continue;
    TOCSIN_TRY(const auto incident, casework_.incident(*found));
    return incident.merged_into ? incident.merged_into : incident.id;
  }
  return IncidentId{};
}

// What is deleted is so only once its removal is on record.
Result<void> EvidenceBook::make_room(std::uint64_t needed) {
  constexpr std::size_t at_once = 64;
  if (!bytes_known_) {
    TOCSIN_TRY(bytes_, store_.records().evidence_bytes());
    bytes_known_ = true;
  }
  while (options_.most != 0 && bytes_ + needed > options_.most) {
    TOCSIN_TRY(const auto oldest, store_.records().expendable_evidence(at_once));
    std::vector<Evidence> gone;
    std::uint64_t freed = 0;
    const auto why = fmt::format("the vault holds at most {} bytes; its incident is closed", options_.most);
    const auto recorded = transaction_([&]() -> Result<void> {
      for (const auto& piece : oldest) {
        if (bytes_ - freed + needed <= options_.most) break;
        TOCSIN_CHECK(vault_.remove(piece.digest, options_.self, why));
        freed += std::min(piece.size, bytes_ - freed);
        gone.push_back(piece);
      }
      return {};
    });
    if (!recorded) return recorded;
    for (const auto& piece : gone) vault_.erase(piece.digest);
    counters_.removed += gone.size();
    bytes_ -= freed;
    if (gone.empty())
      return fail(Code::exhausted, fmt::format("the vault holds {} bytes of at most {} and all of it belongs to open "
                                               "incidents; close some or raise evidence.most",
                                               bytes_, options_.most));
  }
  return {};
}

Result<void> EvidenceBook::put(const FlowCapture& capture, IncidentId id) {
  TOCSIN_TRY(const auto incident, casework_.incident(id));
  if (incident.evidence.size() >= pieces_most) {
    ++counters_.enough;
    return {};
  }
  // The section again, now that it is known what for.
  const Bytes sections[] = {capture.section};
  const auto comment = fmt::format("incident {}\n{}\n{}", incident.alias, capture.name, capture.comment);
  const auto whole = collectors::merge_captures(sections, comment);
  TOCSIN_CHECK(make_room(whole.bytes.size()));
  Evidence evidence;
  evidence.name = fmt::format("{} of {}", counted(capture.packets, "packet"), capture.name);
  evidence.collector = capture_collector;
  evidence.host = options_.host;
  evidence.incident = id;
  return transaction_([&]() -> Result<void> {
    TOCSIN_TRY(const auto kept, vault_.put(evidence, whole.bytes, options_.self, "an alert on the flow"));
    TOCSIN_TRY([[maybe_unused]] const auto after,
               casework_.command(id, responders::command::AddEvidence{refer(kept)}, options_.self));
    TOCSIN_TRY(const auto custody, vault_.custody(kept.digest));
    if (custody.size() == 1) bytes_ += kept.size;  // else the vault had it
    ++counters_.kept;
    counters_.kept_bytes += kept.size;
    return {};
  });
}

Result<void> EvidenceBook::keep(const FlowCapture& capture) {
  auto incident = wanted_by(capture);
  if (incident && !*incident) {
    ++counters_.unwanted;
    return {};
  }
  auto done = incident ? put(capture, *incident) : Result<void>(std::unexpected(incident.error()));
  if (!done) ++(done.error().code == Code::exhausted ? counters_.refused : counters_.failed);
  return done;
}

}  // namespace tocsin::daemon
