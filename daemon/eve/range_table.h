#pragma once
// Files that a server sends in parts (RFC 9110, section 14), over one connection or several: notes which bytes of which
// file have come, and says when all have. One per worker, used on its thread; the oldest go when there are too many.

#include <cstdint>
#include <list>
#include <map>
#include <string>

namespace tocsin::daemon {

class RangeTable {
 public:
  static constexpr std::size_t files_most = 256;
  static constexpr std::size_t parts_most = 1'024;  // apart from each other, of one file

  // Bytes first to last, both included, of the `size` bytes of the file `name`. True when this part makes it whole; it
  // is forgotten then.
  bool add(const std::string& name, std::uint64_t first, std::uint64_t last, std::uint64_t size);

 private:
  struct File {
    std::string name;
    std::uint64_t size = 0;
    std::map<std::uint64_t, std::uint64_t> parts;  // begin → end, never touching each other
  };
  std::list<File> files_;  // the oldest first
};

}  // namespace tocsin::daemon
