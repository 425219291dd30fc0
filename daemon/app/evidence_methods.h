#pragma once
// evidence.list and evidence.verify: what is kept in the vault, and what incidents name as evidence. Reading only: the
// bytes themselves are not handed out here.

#include <filesystem>

#include "daemon/control/method.h"

namespace tocsin::daemon {

void add_evidence_methods(MethodTable& methods, const std::filesystem::path& store);

}  // namespace tocsin::daemon
