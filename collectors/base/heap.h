#pragma once
// The heap as a whole. Any thread.

namespace tocsin {

// Gives pages that are free back to the kernel, now. For after rules were loaded or taken apart: a heap hands pages
// back while its thread goes on allocating, and the loading thread then sleeps for hours.
void return_unused_heap() noexcept;

}  // namespace tocsin
