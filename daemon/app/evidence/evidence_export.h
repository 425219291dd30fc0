#pragma once
// evidence.pcap: the packets of an incident out of the vault, merged into one capture; evidence.get: one piece as it
// is. Each piece that is opened is in its custody and in the audit, with who and why.

#include <filesystem>
#include <functional>
#include <string>

#include "daemon/control/method.h"
#include "daemon/store/vault/vault.h"

namespace tocsin::daemon {

// Runs work with the vault where it may be used: on casework's thread, or in this process.
using VaultAccess = std::function<Result<void>(const std::function<Result<void>(Vault&)>&)>;
// Of a store that no daemon has open.
VaultAccess vault_of(std::filesystem::path store, std::string key, const Clock& clock);

void add_evidence_export(MethodTable& methods, const std::filesystem::path& store, VaultAccess access);

}  // namespace tocsin::daemon
