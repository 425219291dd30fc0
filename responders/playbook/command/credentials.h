#pragma once
// The key store: a directory with a folder for each key identifier, and in it a file for each part (username, password,
// token, private_key); known_hosts beside the folders. A part is read only when nobody but its owner, who is this
// process or root, can read or change it. Any thread.

#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace tocsin::responders {

class Credentials {
 public:
  explicit Credentials(std::string directory) : directory_(std::move(directory)) {}
  // not_found; denied: readable or changeable by others, or not a plain file; usage: the identifier is no plain name.
  Result<std::string> read(std::string_view identifier, std::string_view part) const;
  // The path of a part, after the same checks: for programs that read it themselves.
  Result<std::string> path(std::string_view identifier, std::string_view part) const;
  std::string known_hosts() const { return directory_ + "/known_hosts"; }

 private:
  std::string directory_;
};

}  // namespace tocsin::responders
