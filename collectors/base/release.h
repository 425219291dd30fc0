#pragma once
// Giving memory back. `bytes = {}` and clear() empty a vector or string and keep its memory, which for what hangs on a
// connection is as long as that lasts.

namespace tocsin {

// Empty afterwards, and without the memory of what it held.
template <class Container>
void release_memory(Container& container) noexcept {
  Container nothing;
  container.swap(nothing);
}

}  // namespace tocsin
