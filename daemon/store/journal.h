#pragma once
// The journal of incidents on SQLite, with one row per incident kept beside it as an index (the fold of its changes).
// Appends join the transaction that is open, or make one of their own. The casework thread.

#include <map>

#include "daemon/store/database.h"
#include "responders/incident/journal.h"

namespace tocsin::daemon {

class StoreJournal final : public responders::Journal {
 public:
  explicit StoreJournal(Database& database) : database_(database) {}

  // After a rollback: what was remembered of it is gone.
  void forget();

  Result<void> append(std::span<const responders::Change> changes) override;
  Result<std::vector<responders::Change>> changes(IncidentId id) override;
  Result<std::vector<IncidentId>> open_incidents() override;
  Result<std::optional<IncidentId>> incident_of(const rules::AlertId& alert) override;
  Result<std::uint32_t> last_number(int year) override;
  Result<responders::ChainHead> verify() override;
  Result<responders::ChainHead> head();

 private:
  static constexpr std::size_t folded_most = 256;

  Result<void> write(const responders::Change& change);
  Result<void> index(const responders::Change& change);
  Result<responders::Incident*> folded(IncidentId id);

  Database& database_;
  std::optional<responders::ChainHead> head_;
  std::map<IncidentId, responders::Incident> folded_;
};

// Shared with the reader.
Result<std::vector<responders::Change>> read_changes(Database& database, IncidentId id);
Result<responders::ChainHead> verify_chain(Database& database, std::string_view table);
Digest128 read_digest128(Bytes bytes) noexcept;
std::array<std::uint8_t, 16> digest_bytes(const Digest128& digest) noexcept;
Uuid read_uuid(Bytes bytes) noexcept;
Sha256 read_sha256(Bytes bytes) noexcept;

}  // namespace tocsin::daemon
