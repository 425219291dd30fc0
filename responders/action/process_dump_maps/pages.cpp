#include "responders/action/process_dump_maps/pages.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tocsin::responders {
namespace {

constexpr std::uint64_t scanned_at_once = 64ULL << 30U;  // bytes of addresses
constexpr std::size_t read_at_once = 32'768;             // pages
constexpr std::uint64_t entry_present = 1ULL << 63U;
constexpr std::uint64_t entry_swapped = 1ULL << 62U;

// linux/fs.h since 6.7; older headers do not have it while the kernel may.
struct ScanRegion {
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t categories;
};
struct ScanRequest {
  std::uint64_t size;
  std::uint64_t flags;
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t walk_end;
  std::uint64_t vec;
  std::uint64_t vec_len;
  std::uint64_t max_pages;
  std::uint64_t category_inverted;
  std::uint64_t category_mask;
  std::uint64_t category_anyof_mask;
  std::uint64_t return_mask;
};
constexpr unsigned long scan_request = _IOWR('f', 16, ScanRequest);
constexpr std::uint64_t scan_present = 1U << 3U;
constexpr std::uint64_t scan_swapped = 1U << 4U;

}  // namespace

TouchedPages::TouchedPages(int pagemap, Way way)
    : pagemap_(pagemap), way_(way), page_(static_cast<std::uint64_t>(::getpagesize())) {}

PageRun TouchedPages::next(std::uint64_t at, std::uint64_t end) {
  if (pagemap_ < 0 || at >= end) return {at, std::max(at, end)};
  PageRun out;
  if (way_ == Way::scan && scan(at, std::min(end, at + scanned_at_once), out)) return out;
  way_ = Way::read;
  return read(at, end);
}

bool TouchedPages::scan(std::uint64_t at, std::uint64_t end, PageRun& out) const {
  ScanRegion region{};
  ScanRequest request{};
  request.size = sizeof request;
  request.start = at;
  request.end = end;
  request.vec = reinterpret_cast<std::uintptr_t>(&region);
  request.vec_len = 1;
  request.category_anyof_mask = scan_present | scan_swapped;
  request.return_mask = scan_present | scan_swapped;
  int found = 0;
  do found = ::ioctl(pagemap_, scan_request, &request);
  while (found < 0 && errno == EINTR);
  if (found < 0) return false;
  out = found == 0 ? PageRun{end, end} : PageRun{std::max(region.start, at), std::min(region.end, end)};
  return true;
}

// Pages the kernel says nothing of count as touched: better one too many in the evidence.
PageRun TouchedPages::read(std::uint64_t at, std::uint64_t end) {
  if (at < flags_from_ || at >= flags_from_ + flags_.size() * page_) fill(at, end);
  if (flags_.empty()) return {at, end};
  const auto touched = [](std::uint64_t flags) { return (flags & (entry_present | entry_swapped)) != 0; };
  const auto from = flags_.begin() + static_cast<std::ptrdiff_t>((at - flags_from_) / page_);
  const auto first = std::find_if(from, flags_.end(), touched);
  const auto last = std::find_if_not(first, flags_.end(), touched);
  const auto address = [&](auto place) {
    return std::min(end, flags_from_ + static_cast<std::uint64_t>(place - flags_.begin()) * page_);
  };
  return {address(first), address(last)};
}

void TouchedPages::fill(std::uint64_t at, std::uint64_t end) {
  flags_from_ = at;
  flags_.resize(std::min<std::uint64_t>(read_at_once, (end - at + page_ - 1) / page_));
  const ssize_t got = ::pread(pagemap_, flags_.data(), flags_.size() * sizeof(std::uint64_t),
                              static_cast<off_t>(at / page_ * sizeof(std::uint64_t)));
  flags_.resize(got < 0 ? 0 : static_cast<std::size_t>(got) / sizeof(std::uint64_t));
}

}  // namespace tocsin::responders
