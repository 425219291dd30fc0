#pragma once
// What was asked to be passed on, each under the SHA-256 of its bytes: what an approver agreed to is what goes out, and
// what went out can be looked at. The oldest go when there are too many. One thread.

#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace tocsin::responders {

class Documents {
 public:
  explicit Documents(std::string directory) : directory_(std::move(directory)) {}

  // Durable when it returns. Keeping the same twice is keeping it once.
  Result<void> keep(std::string_view document) const;
  // not_found: it is gone. conflict: the file is not what its name says.
  Result<std::string> read(const std::string& digest) const;

 private:
  void make_room() const;

  const std::string directory_;  // made with mode 0700 when missing
};

}  // namespace tocsin::responders
