#pragma once
// Where changes are written before anybody sees them. Each record holds the hash of the one before: leaving one out,
// altering or reordering breaks the chain from there on. The head of the chain is signed and written outside the store.
// One thread (casework).

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "responders/incident/change.h"

namespace tocsin::responders {

struct JournalRecord {
  std::uint64_t sequence = 0;  // 1, 2, 3, …
  std::string json;            // the change, exactly as hashed
  Sha256 previous{};           // zero for the first
  Sha256 hash{};
};
// SHA-256 over the previous hash, the sequence (8 bytes, big-endian) and the JSON text.
Sha256 chain_hash(const Sha256& previous, std::uint64_t sequence, std::string_view json);

struct ChainHead {
  std::uint64_t sequence = 0;  // 0: the journal is empty
  Sha256 hash{};
};
// Walks a chain record by record; the first broken one is named.
class ChainVerifier {
 public:
  Result<void> take(const JournalRecord& record);
  const ChainHead& head() const noexcept { return head_; }

 private:
  ChainHead head_;
};

class Journal {
 public:
  virtual ~Journal() = default;
  // All of them or none; on disk when it returns, or with the transaction that is open.
  virtual Result<void> append(std::span<const Change> changes) = 0;
  virtual Result<std::vector<Change>> changes(IncidentId id) = 0;  // oldest first; empty when unknown
  virtual Result<std::vector<IncidentId>> open_incidents() = 0;    // in the order they were opened
  // Which incident an alert went into, so that a replayed alert is known.
  virtual Result<std::optional<IncidentId>> incident_of(const rules::AlertId& alert) = 0;
  // The highest alias number given in a year; 0 if none.
  virtual Result<std::uint32_t> last_number(int year) = 0;
  virtual Result<ChainHead> verify() = 0;
};

// Alert ids a change brings into its incident: what `incident_of` is kept from.
std::vector<rules::AlertId> alerts_brought(const Change& change);
// "INC-2026-0042" ↔ year and number.
std::string render_alias(int year, std::uint32_t number);
struct AliasParts {
  int year = 0;
  std::uint32_t number = 0;
};
std::optional<AliasParts> parse_alias(std::string_view alias) noexcept;

// For replays without a store, and tests.
class MemoryJournal final : public Journal {
 public:
  Result<void> append(std::span<const Change> changes) override;
  Result<std::vector<Change>> changes(IncidentId id) override;
  Result<std::vector<IncidentId>> open_incidents() override;
  Result<std::optional<IncidentId>> incident_of(const rules::AlertId& alert) override;
  Result<std::uint32_t> last_number(int year) override;
  Result<ChainHead> verify() override;
  const std::vector<JournalRecord>& records() const noexcept { return records_; }

 private:
  std::vector<JournalRecord> records_;
  std::vector<IncidentId> order_;
  std::map<IncidentId, std::vector<Change>> by_incident_;
  std::map<rules::AlertId, IncidentId> by_alert_;
  std::map<int, std::uint32_t> numbers_;
};

}  // namespace tocsin::responders
