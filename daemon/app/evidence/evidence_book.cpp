#include "daemon/app/evidence/evidence_book.h"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/packet/capture/pcapng.h"

namespace tocsin::daemon {

using responders::Evidence;

namespace {
constexpr std::string_view asked_mark = "asked for under ";  // and the key
}

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

Result<IncidentId> EvidenceBook::wanted_by(const TakenEvidence& taken) {
  for (const auto& alert : taken.alerts) {
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
    const auto why = fmt::format("the vault holds at most {} bytes; no open incident needs it", options_.most);
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

Result<void> EvidenceBook::put(const TakenEvidence& taken, IncidentId id) {
  Evidence evidence;
  evidence.host = options_.host;
  evidence.incident = id;
  evidence.name = taken.name;
  evidence.collector = file_collector;
  Bytes bytes = taken.bytes;
  std::string_view reason = "a rule asks for it";
  collectors::MergedCapture capture;
  if (id) {
    TOCSIN_TRY(const auto incident, casework_.incident(id));
    if (incident.evidence.size() >= pieces_most) {
      ++counters_.enough;
      return {};
    }
    reason = "an alert on the file";
    if (taken.kind == TakenKind::packets) {
      // The section again, now that it is known what for.
      const Bytes sections[] = {taken.bytes};
      const auto comment = fmt::format("incident {}\n{}\n{}", incident.alias, taken.name, taken.comment);
      capture = collectors::merge_captures(sections, comment);
      bytes = capture.bytes;
      reason = "an alert on the flow";
      evidence.name = fmt::format("{} of {}", counted(taken.packets, "packet"), taken.name);
      evidence.collector = capture_collector;
    }
  }
  TOCSIN_TRY([[maybe_unused]] const auto kept, put(evidence, bytes, reason));
  return {};
}

Result<Evidence> EvidenceBook::put(const Evidence& evidence, Bytes bytes, std::string_view reason) {
  TOCSIN_CHECK(make_room(bytes.size()));
  Evidence kept;
  TOCSIN_CHECK(transaction_([&]() -> Result<void> {
    TOCSIN_TRY(kept, vault_.put(evidence, bytes, options_.self, reason));
    if (evidence.incident) {
      TOCSIN_TRY([[maybe_unused]] const auto after,
                 casework_.command(evidence.incident, responders::command::AddEvidence{refer(kept)}, options_.self));
    }
    TOCSIN_TRY(const auto custody, vault_.custody(kept.digest));
    if (custody.size() == 1) bytes_ += kept.size;  // else the vault had it
    ++counters_.kept;
    counters_.kept_bytes += kept.size;
    return {};
  }));
  return kept;
}

Result<std::optional<Evidence>> EvidenceBook::keep(const Asked& asked, Bytes capture) {
  TOCSIN_TRY(const auto incident, casework_.incident(asked.incident));
  if (incident.evidence.size() >= pieces_most) {
    ++counters_.enough;
    return std::nullopt;
  }
  Evidence evidence;
  evidence.host = options_.host;
  evidence.incident = incident.merged_into ? incident.merged_into : incident.id;
  evidence.name = asked.name;
  evidence.collector = capture_collector;
  auto kept = put(evidence, capture, fmt::format("{}{}: {}", asked_mark, asked.key, asked.reason));
  if (!kept) {
    ++(kept.error().code == Code::exhausted ? counters_.refused : counters_.failed);
    return std::unexpected(std::move(kept).error());
  }
  return std::optional(std::move(*kept));
}

Result<std::optional<Evidence>> EvidenceBook::taken(IncidentId id, std::string_view key) {
  const auto mark = fmt::format("{}{}: ", asked_mark, key);
  TOCSIN_TRY(const auto incident, casework_.incident(id));
  TOCSIN_TRY(const auto pieces, store_.records().evidence_of(incident.merged_into ? incident.merged_into : id));
  for (const auto& piece : pieces) {
    if (piece.collector != capture_collector) continue;
    TOCSIN_TRY(const auto custody, vault_.custody(piece.digest));
    for (const auto& entry : custody)
      if (entry.act == responders::CustodyAct::collected && entry.reason.starts_with(mark)) return piece;
  }
  return std::nullopt;
}

Result<void> EvidenceBook::keep(const TakenEvidence& taken) {
  auto incident = wanted_by(taken);
  if (incident && !*incident && !taken.asked) {
    ++counters_.unwanted;
    return {};
  }
  auto done = incident ? put(taken, *incident) : Result<void>(std::unexpected(incident.error()));
  if (!done) ++(done.error().code == Code::exhausted ? counters_.refused : counters_.failed);
  return done;
}

}  // namespace tocsin::daemon
