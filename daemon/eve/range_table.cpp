#include "daemon/eve/range_table.h"

#include <algorithm>
#include <iterator>

namespace tocsin::daemon {

bool RangeTable::add(const std::string& name, std::uint64_t first, std::uint64_t last, std::uint64_t size) {
  if (first > last || last >= size || (first == 0 && last + 1 == size)) return false;
  auto file = std::ranges::find(files_, name, &File::name);
  if (file != files_.end() && file->size != size) {  // it is another file by now
    files_.erase(file);
    file = files_.end();
  }
  if (file == files_.end()) {
    if (files_.size() >= files_most) files_.pop_front();
    files_.push_back({name, size, {}});
    file = std::prev(files_.end());
  }
  std::uint64_t begin = first;
  std::uint64_t end = last + 1;
  auto& parts = file->parts;
  auto at = parts.upper_bound(begin);
  if (at != parts.begin() && std::prev(at)->second >= begin) --at;
  while (at != parts.end() && at->first <= end) {
    begin = std::min(begin, at->first);
    end = std::max(end, at->second);
    at = parts.erase(at);
  }
  if (parts.size() < parts_most) parts.emplace(begin, end);
  if (begin != 0 || end != size) return false;
  files_.erase(file);
  return true;
}

}  // namespace tocsin::daemon
