#pragma once
// What goes into the vault, on casework's side: packets of flows whose alerts are in an incident, files that rules
// asked for or that alerts of an incident are about. Keeps the vault
// within its quota: the oldest evidence of closed incidents or of none goes first, each removal is in custody and
// audit; what belongs to open incidents never goes. Casework's thread, or a replay's.

#include <functional>
#include <optional>
#include <string>

#include "daemon/app/evidence/taken.h"
#include "daemon/store/vault/vault.h"
#include "responders/incident/casework.h"

namespace tocsin::daemon {

// The key of `store`'s vault: the file named, or the credential of the unit, or `evidence.key` in the store, which is
// made when nothing is there and `make` says so.
enum class MakeKey : std::uint8_t { no, yes };
Result<VaultKey> find_vault_key(const std::string& named, const std::filesystem::path& store, MakeKey make);

struct EvidenceBookOptions {
  std::uint64_t most = 2ULL << 30;  // of the vault; 0: no limit
  std::string host;
  responders::Actor self;
};

struct EvidenceCounters {
  std::uint64_t kept = 0;
  std::uint64_t kept_bytes = 0;
  std::uint64_t unwanted = 0;  // no incident has an alert of it
  std::uint64_t removed = 0;   // for newer evidence
  std::uint64_t refused = 0;   // no room, though everything that may go has gone
  std::uint64_t enough = 0;    // its incident has pieces_most already
  std::uint64_t failed = 0;    // the store could not be written
};

class EvidenceBook {
 public:
  static constexpr std::size_t pieces_most = 1000;  // of one incident

  using Evidence = responders::Evidence;

  // Runs work in one transaction of store and casework.
  using Transaction = std::function<Result<void>(const std::function<Result<void>()>&)>;

  // References outlive the book.
  EvidenceBook(Store& store, responders::Casework& casework, const VaultKey& key, const Clock& clock,
               EvidenceBookOptions options, Transaction transaction);

  // Its alerts were decided and committed before. Errors are counted as well.
  Result<void> keep(const TakenEvidence& taken);
  // A capture that somebody asked for, as evidence of an incident. Nothing: the incident has pieces_most already.
  struct Asked {
    IncidentId incident;
    std::string name;  // "17 packets of 198.51.100.77"
    std::string key;   // of who asked: the same is taken once
    std::string reason;
  };
  Result<std::optional<Evidence>> keep(const Asked& asked, Bytes capture);
  // What was taken for the key before.
  Result<std::optional<Evidence>> taken(IncidentId incident, std::string_view key);
  const EvidenceCounters& counters() const noexcept { return counters_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  Vault& vault() noexcept { return vault_; }

 private:
  Result<void> make_room(std::uint64_t needed);
  Result<IncidentId> wanted_by(const TakenEvidence& taken);
  Result<void> put(const TakenEvidence& taken, IncidentId incident);
  Result<Evidence> put(const Evidence& evidence, Bytes bytes, std::string_view reason);

  Store& store_;
  responders::Casework& casework_;
  const EvidenceBookOptions options_;
  const Transaction transaction_;
  Vault vault_;
  EvidenceCounters counters_;
  std::uint64_t bytes_ = 0;
  bool bytes_known_ = false;
};

// What the vault calls pieces that are captures, and files out of traffic.
inline constexpr std::string_view capture_collector = "packets";
inline constexpr std::string_view file_collector = "files";

}  // namespace tocsin::daemon
