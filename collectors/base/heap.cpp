#include "collectors/base/heap.h"

#include <malloc.h>

#include <cstddef>

// jemalloc(3); not there where a sanitizer brings the heap.
extern "C" int mallctl(const char* name, void* old, std::size_t* old_size, void* fresh, std::size_t fresh_size) noexcept
    __attribute__((weak));

namespace tocsin {

void return_unused_heap() noexcept {
  constexpr const char* all_arenas = "arena.4096.purge";  // MALLCTL_ARENAS_ALL
  if (mallctl != nullptr) mallctl(all_arenas, nullptr, nullptr, nullptr, 0);
  else ::malloc_trim(0);
}

}  // namespace tocsin
