#pragma once
// Proof that this host can still be reached by those who answer for it: a TCP connection to one of the configured
// endpoints, made now. Blocks for at most half a second per endpoint.

#include <span>

#include "collectors/base/result.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

// unreachable: none of them took a connection; the message says why each did not.
Result<void> prove_management_path(std::span<const Endpoint> endpoints);

}  // namespace tocsin::responders
