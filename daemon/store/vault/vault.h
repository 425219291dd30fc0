#pragma once
// Evidence at rest: one file per digest under evidence/, sealed with AES-256-GCM, the digest as authenticated context,
// so that no file can stand in for another. The catalogue and custody are in the store; every read is audited as well.
// Casework's thread.

#include <filesystem>

#include "collectors/base/time.h"
#include "daemon/store/store.h"
#include "daemon/store/vault/cipher.h"
#include "responders/incident/evidence.h"

namespace tocsin::daemon {

class Vault final : public responders::EvidenceVault {
 public:
  static constexpr std::size_t bytes_most = 256U << 20;  // of one piece

  // `store` and `clock` outlive this.
  Vault(Store& store, const VaultKey& key, const Clock& clock)
      : store_(store), key_(key), clock_(clock), directory_(store.directory() / "evidence") {}

  Result<responders::Evidence> put(responders::Evidence evidence, Bytes bytes, const responders::Actor& actor,
                                   std::string_view reason) override;
  Result<std::vector<std::uint8_t>> get(const Sha256& digest, const responders::Actor& actor,
                                        std::string_view reason) override;
  Result<void> verify(const Sha256& digest, const responders::Actor& actor) override;
  Result<std::vector<responders::CustodyEntry>> custody(const Sha256& digest) override;
  // Records that it goes; the bytes are deleted by erase() once that is committed.
  Result<void> remove(const Sha256& digest, const responders::Actor& actor, std::string_view reason);
  void erase(const Sha256& digest) const noexcept;
  // As get, for what leaves the house; not_found with its own words when it was removed.
  Result<std::vector<std::uint8_t>> hand_out(const Sha256& digest, const responders::Actor& actor,
                                             std::string_view reason);

 private:
  Result<std::vector<std::uint8_t>> give(const Sha256& digest, responders::CustodyAct act,
                                         const responders::Actor& actor, std::string_view reason);

  Result<void> write(const Sha256& digest, Bytes bytes) const;
  Result<void> record(const Sha256& digest, responders::CustodyAct act, const responders::Actor& actor,
                      std::string_view reason, std::string_view result);

  Store& store_;
  const VaultKey key_;
  const Clock& clock_;
  const std::filesystem::path directory_;
};

// Is a piece still what was put there? For those who read a store beside its daemon: not recorded. Without the key only
// that it is there and as long as it must be. not_found, or invalid when it was changed.
Result<void> check_sealed(const std::filesystem::path& store, const responders::Evidence& evidence,
                          const VaultKey* key);

}  // namespace tocsin::daemon
