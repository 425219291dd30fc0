#pragma once
// Which pages of a process are its own: in memory, or swapped out. What it only reserved is passed over by page tables
// where the kernel can (PAGEMAP_SCAN, Linux 6.7), else by reading eight bytes a page.
// Documentation/admin-guide/mm/pagemap.rst. One thread.

#include <cstdint>
#include <vector>

namespace tocsin::responders {

struct PageRun {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // begin == end: nothing before `end`, which is how far was looked
};

class TouchedPages {
 public:
  enum class Way { scan, read };
  // `pagemap`: of that process, borrowed; -1: nobody can tell, and every page counts. `way`: `scan` becomes `read` by
  // itself where the kernel knows no other.
  explicit TouchedPages(int pagemap, Way way = Way::scan);
  // The first run at or after `at`, both ends of pages. Looks at a bounded piece, so that a caller can look at its
  // clock: of terabytes reserved there are many.
  PageRun next(std::uint64_t at, std::uint64_t end);

 private:
  bool scan(std::uint64_t at, std::uint64_t end, PageRun& out) const;
  PageRun read(std::uint64_t at, std::uint64_t end);
  void fill(std::uint64_t at, std::uint64_t end);

  int pagemap_;
  Way way_;
  std::uint64_t page_;
  std::vector<std::uint64_t> flags_;  // of the pages from flags_from_ on
  std::uint64_t flags_from_ = 0;
};

}  // namespace tocsin::responders
