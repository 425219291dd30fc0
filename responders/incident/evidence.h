#pragma once
// Evidence is named by what it is: the SHA-256 of its bytes. It is added, never changed. Who touched it, when, why and
// with what result is its chain of custody, one entry per act, reading included.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/digest.h"
#include "collectors/base/id.h"
#include "collectors/base/result.h"
#include "responders/incident/incident.h"

namespace tocsin::responders {

// removed: the vault's room was needed for newer evidence.
enum class CustodyAct : std::uint8_t { collected, read, verified, exported, removed };
std::string_view custody_act_name(CustodyAct act) noexcept;
std::optional<CustodyAct> parse_custody_act(std::string_view name) noexcept;

struct CustodyEntry {
  Sha256 evidence{};
  CustodyAct act = CustodyAct::collected;
  Time time{};
  Actor actor;
  std::string reason;  // what for; the command or collector when collected
  std::string result;  // "ok", or what was wrong
};

struct Evidence {
  Sha256 digest{};
  std::uint64_t size = 0;
  std::string name;       // as found: a path, a stream, a query
  std::string collector;  // what took it
  std::string host;
  Time collected{};
  IncidentId incident;  // zero: not (yet) of one
};
inline EvidenceRef refer(const Evidence& evidence) {
  return {evidence.digest, evidence.name, evidence.size, evidence.collected};
}

// Keeps evidence at rest, encrypted. The store implements it (daemon/store/vault). Blocking; casework's thread.
class EvidenceVault {
 public:
  virtual ~EvidenceVault() = default;
  // Puts the bytes under their own digest; the same bytes twice are kept once, with both entries of custody.
  // `evidence.digest` and `size` are filled in.
  virtual Result<Evidence> put(Evidence evidence, Bytes bytes, const Actor& actor, std::string_view reason) = 0;
  // Journaled: who reads what, and why (required). Fails with `invalid` when the bytes are not what they were.
  virtual Result<std::vector<std::uint8_t>> get(const Sha256& digest, const Actor& actor, std::string_view reason) = 0;
  // Decrypts and hashes without handing the bytes out; the result goes to custody.
  virtual Result<void> verify(const Sha256& digest, const Actor& actor) = 0;
  virtual Result<std::vector<CustodyEntry>> custody(const Sha256& digest) = 0;
};

}  // namespace tocsin::responders
