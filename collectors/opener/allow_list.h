#pragma once
// What the opener will open, fixed at its start from the operator's configuration: whoever takes over tocsind still
// gets nothing else. Reads only the keys of `collect` in tocsin.yaml that name sources.

#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"

namespace tocsin::collectors {

struct AllowList {
  std::vector<std::string> logs;        // globs, absolute
  std::vector<std::string> journals;    // directories
  std::vector<std::string> interfaces;  // names; "auto" allows all that are up and not loopback
  std::vector<std::string> sockets;     // directories in which sockets may be bound
  std::vector<std::string> outputs;     // directories that may be opened for writing

  bool allows_log(std::string_view path) const;
  bool allows_glob(std::string_view glob) const;
  bool allows_journal(std::string_view directory) const;
  bool allows_socket(std::string_view path) const;
  bool allows_output(std::string_view directory) const;
  // Directories that hold everything above: for the file sandbox.
  std::vector<std::string> readable_directories() const;
  friend bool operator==(const AllowList&, const AllowList&) = default;
};

// Absolute, without "//", "." or ".." parts, no control characters, at most 4095 bytes.
bool is_plain_path(std::string_view path) noexcept;

// Keys that are absent take the defaults of daemon/config (a test holds both together). `invalid` when it is not YAML
// or a path is not absolute.
Result<AllowList> parse_allow_list(std::string_view yaml);
// Reads the file; denied when anyone but root or this process's user could have written it.
Result<AllowList> read_allow_list(const std::string& path);

}  // namespace tocsin::collectors
