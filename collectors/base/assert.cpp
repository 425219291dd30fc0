#include "collectors/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace tocsin {

void assertion_failed(const char* claim, const char* file, int line) noexcept {
  std::fprintf(stderr, "tocsin: bug: `%s` does not hold at %s:%d\n", claim, file, line);
  std::abort();
}

}  // namespace tocsin
