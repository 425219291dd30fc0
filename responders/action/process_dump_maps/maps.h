#pragma once
// What a process has mapped, as proc_pid_maps(5) tells, and which of it tells an investigator something the files on
// disk do not. Pure; the text is hostile in its paths, which the process chooses.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::responders {

struct Mapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool readable = false;
  bool writable = false;
  bool executable = false;
  bool shared = false;
  std::uint64_t offset = 0;  // in its file
  std::uint64_t inode = 0;   // 0: no file
  std::string path;          // or "[heap]", "[stack]", …; as the kernel spells it

  std::uint64_t size() const noexcept { return end - begin; }
  bool anonymous() const noexcept { return inode == 0; }
  bool deleted() const noexcept { return path.ends_with(" (deleted)"); }
  std::string permissions() const;  // "rw-p"
};

// Lines that are none are left out and counted.
struct ParsedMaps {
  std::vector<Mapping> mappings;
  std::size_t damaged = 0;
};
ParsedMaps parse_maps(std::string_view text, std::size_t mappings_most);

// Readable mappings to copy, the most telling first: code without a file or of a deleted one; heap and stacks; other
// private memory that is written, and memory of deleted files; code of files. Never what the kernel maps for itself,
// and never a device, whose reading may have an effect.
std::vector<Mapping> worth_copying(const std::vector<Mapping>& mappings);

}  // namespace tocsin::responders
