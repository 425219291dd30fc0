#pragma once
// The layers behind confine(). Private to collectors/opener.

#include "collectors/opener/sandbox.h"

namespace tocsin::collectors {

Result<SandboxLayer> apply_landlock(const SandboxPolicy& policy);
Result<SandboxLayer> apply_seccomp(const SandboxPolicy& policy);

}  // namespace tocsin::collectors
