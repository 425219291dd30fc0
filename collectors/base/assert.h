#pragma once
// Lane one of failure: a bug in our own code. On in release, because a monitor that carries on with
// broken state is worse than one that restarts. Never use it for bad input.

namespace tocsin {

// Prints the place and the broken claim to stderr, then aborts.
[[noreturn]] void assertion_failed(const char* claim, const char* file, int line) noexcept;

}  // namespace tocsin

#define TOCSIN_ASSERT(claim) ((claim) ? static_cast<void>(0) : ::tocsin::assertion_failed(#claim, __FILE__, __LINE__))
